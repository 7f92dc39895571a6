import {
  asOperand,
  childAt,
  childrenAt,
  isParenthesised,
  isPure,
  isSite,
  isValue,
  operatorPrecedence,
  placed,
  precedence,
  precedenceOf,
} from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Operands that stand on the wrong side of a bracket, are missing or too much. */
export const template: Template = {
  name: 'operand',
  about: 'Moves an operand out of or into a call or a branch, regroups operators, adds or drops an operand.',
  fault: 'An operand stands on the wrong side of a bracket, or is missing.',
  *propose(site, context) {
    if (!isValue(site)) return
    if (isSite(site, 'CallExpression')) {
      yield* movedOut(site, context)
      yield* missingIndex(site, context)
    }
    if (isSite(site, 'BinaryExpression')) {
      yield* movedIn(site, context)
      yield* dropped(site, context)
    }
    if (isSite(site, 'BinaryExpression', 'LogicalExpression')) yield* regrouped(site, context)
    if (isSite(site, 'ConditionalExpression')) yield* branches(site, context)
  },
}

/** `f(a + b)` becomes `f(a) + b` or `a + f(b)`. */
function* movedOut(site: Site, { tree }: FileContext): Iterable<Proposal> {
  for (const argument of childrenAt(site, 'arguments')) {
    if (!isSite(argument, 'BinaryExpression') || !/^[-+*/%]$/.test(argument.node.operator)) continue
    const [left, right] = [childAt(argument, 'left'), childAt(argument, 'right')]
    if (left === undefined || right === undefined) continue
    const { operator } = argument.node
    const strength = operatorPrecedence(operator)
    const call = (inner: Site): string =>
      tree.text.slice(site.start, argument.start) +
      tree.textOf(inner) +
      tree.text.slice(argument.end, site.end)
    const offer = (text: string, moved: Site): Proposal => {
      const label = {
        variant: 'move-out',
        weight: 0.6,
        description: `move ${operator} ${tree.textOf(moved)} out of the call`,
      }
      // `x + (f(a) + b)` is meant as `x + f(a) + b`.
      const joins =
        operator === '+' && isSite(site.parent, 'BinaryExpression') && site.parent.node.operator === '+'
      return joins
        ? { ...label, start: site.start, end: site.end, replacement: text }
        : replaceExpression(site, text, strength, label)
    }
    yield offer(`${call(left)} ${operator} ${enclosed(right, tree.textOf(right), strength)}`, right)
    yield offer(`${enclosed(left, tree.textOf(left), strength)} ${operator} ${call(right)}`, left)
  }
}

/** `f(a) + b` becomes `f(a + b)`. */
function* movedIn(site: Site, { tree }: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'BinaryExpression') || !/^[-+*/%]$/.test(site.node.operator)) return
  const [left, right] = [childAt(site, 'left'), childAt(site, 'right')]
  if (left === undefined || right === undefined) return
  const { operator } = site.node
  const strength = operatorPrecedence(operator)
  if (isSite(left, 'CallExpression')) {
    const last = childrenAt(left, 'arguments').at(-1)
    if (last !== undefined && last.node.type !== 'SpreadElement') {
      const inner = `${enclosed(last, tree.textOf(last), strength)} ${operator} ${enclosed(right, tree.textOf(right), strength)}`
      const text = tree.text.slice(left.start, last.start) + inner + tree.text.slice(last.end, left.end)
      yield replaceExpression(site, text, precedence.call, {
        variant: 'move-in',
        weight: 0.15,
        description: `move ${operator} ${tree.textOf(right)} into the call`,
      })
    }
  }
  if (isSite(left, 'ConditionalExpression') || isSite(right, 'ConditionalExpression')) return
  // `(a - b).m()` and `a - b.m()` are told apart by brackets only.
  if (isSite(right, 'CallExpression') && childAt(right, 'callee')?.node.type === 'MemberExpression') {
    const callee = childAt(right, 'callee')
    const object = callee === undefined ? undefined : childAt(callee, 'object')
    if (object !== undefined && !isParenthesised(object.node)) {
      const rest = tree.text.slice(object.end, right.end)
      yield replaceExpression(site, `(${tree.text.slice(site.start, object.end)})${rest}`, precedence.call, {
        variant: 'move-in',
        weight: 0.1,
        description: `call on the whole of ${tree.text.slice(site.start, object.end)}`,
      })
    }
  }
}

function* dropped(site: Site, { tree }: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'BinaryExpression') || !/^[-+*/%]$/.test(site.node.operator)) return
  for (const [keep, drop] of [
    ['left', 'right'],
    ['right', 'left'],
  ] as const) {
    const kept = childAt(site, keep)
    const gone = childAt(site, drop)
    if (kept === undefined || gone === undefined) continue
    const text = isParenthesised(kept.node) ? `(${tree.textOf(kept)})` : tree.textOf(kept)
    const own = isParenthesised(kept.node) ? precedence.primary : precedenceOf(kept.node)
    yield replaceExpression(site, text, own, {
      variant: 'drop',
      weight: 0.08,
      description: `remove ${tree.textOf(gone)}`,
    })
  }
}

/** `a + b * c` becomes `(a + b) * c` and the like; `c ? a : b + d` becomes `(c ? a : b) + d`. */
function* regrouped(site: Site, { tree }: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'BinaryExpression', 'LogicalExpression')) return
  const [left, right] = [childAt(site, 'left'), childAt(site, 'right')]
  if (left === undefined || right === undefined) return
  const { operator } = site.node
  const label = { variant: 'regroup', weight: 0.25, description: 'group the operands the other way' }
  if (isSite(right, 'BinaryExpression', 'LogicalExpression')) {
    const [inner, last] = [childAt(right, 'left'), childAt(right, 'right')]
    if (inner !== undefined && last !== undefined && right.node.operator !== operator) {
      const text = `(${tree.textOf(left)} ${operator} ${tree.textOf(inner)}) ${right.node.operator} ${tree.textOf(last)}`
      yield replaceExpression(site, text, operatorPrecedence(right.node.operator), label)
    }
  }
  if (isSite(left, 'BinaryExpression', 'LogicalExpression')) {
    const [first, inner] = [childAt(left, 'left'), childAt(left, 'right')]
    if (first !== undefined && inner !== undefined && left.node.operator !== operator) {
      const text = `${tree.textOf(first)} ${left.node.operator} (${tree.textOf(inner)} ${operator} ${tree.textOf(right)})`
      yield replaceExpression(site, text, operatorPrecedence(left.node.operator), label)
    }
  }
}

/** Conditional expressions: one branch only, branches swapped, an operand or a call moved out of a branch. */
function* branches(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const [test, yes, no] = [childAt(site, 'test'), childAt(site, 'consequent'), childAt(site, 'alternate')]
  if (test === undefined || yes === undefined || no === undefined) return
  const [testText, yesText, noText] = [tree.textOf(test), tree.textOf(yes), tree.textOf(no)]
  const own = isParenthesised(test.node) ? `(${testText})` : testText
  for (const [kept, other] of [
    [yes, no],
    [no, yes],
  ] as const) {
    yield replaceExpression(site, tree.textOf(kept), precedenceOf(kept.node), {
      variant: 'one-branch',
      weight: 0.12,
      description: `always use ${tree.textOf(kept)}, never ${tree.textOf(other)}`,
    })
  }
  yield replaceExpression(site, `${own} ? ${noText} : ${yesText}`, precedence.conditional, {
    variant: 'swap-branches',
    weight: 0.12,
    description: 'swap the branches',
  })
  if (isSite(no, 'BinaryExpression') && !isParenthesised(no.node)) {
    const [left, right] = [childAt(no, 'left'), childAt(no, 'right')]
    if (left === undefined || right === undefined) return
    const strength = operatorPrecedence(no.node.operator)
    const text = `(${own} ? ${yesText} : ${tree.textOf(left)}) ${no.node.operator} ${enclosed(right, tree.textOf(right), strength)}`
    const label = {
      variant: 'move-out',
      weight: 0.45,
      description: `apply ${no.node.operator} ${tree.textOf(right)} to both branches`,
    }
    yield replaceExpression(site, text, strength, label)
    yield* wholeReceiver(
      site,
      { test: own, yes: yesText, no: left },
      `${no.node.operator} ${tree.textOf(right)}`,
      tree,
      label,
    )
  }
}

/** `(c ? a : b + d).m()` becomes `(c ? a : b) + d.m()`: the call was meant for the last operand alone. */
function* wholeReceiver(
  site: Site,
  parts: { readonly test: string; readonly yes: string; readonly no: Site },
  tail: string,
  tree: FileContext['tree'],
  label: { readonly variant: string; readonly weight: number; readonly description: string },
): Iterable<Proposal> {
  const member = site.parent
  const call = member?.parent
  if (!isSite(member, 'MemberExpression') || site.key !== 'object' || !isSite(call, 'CallExpression')) return
  const suffix = tree.text.slice(outerEnd(site, tree.text), call.end)
  const text = `(${parts.test} ? ${parts.yes} : ${tree.textOf(parts.no)}) ${tail}${suffix}`
  yield { ...label, start: call.start, end: call.end, replacement: placed(call, text, precedence.additive) }
}

/** `s.slice(0, s.indexOf(x))` is wrong where `x` does not occur: -1 is not an end. */
function* missingIndex(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const callee = childAt(site, 'callee')
  const receiver = callee === undefined ? undefined : childAt(callee, 'object')
  if (!isSite(callee, 'MemberExpression') || receiver === undefined || !isPure(receiver.node)) return
  for (const argument of childrenAt(site, 'arguments')) {
    const index = indexCall(argument, tree.textOf(argument))
    if (index === null) continue
    const text = `${index} === -1 ? ${tree.textOf(receiver)} : ${tree.textOf(site)}`
    yield replaceExpression(site, text, precedence.conditional, {
      variant: 'missing-index',
      weight: 0.4,
      description: `use ${tree.textOf(receiver)} as it is where ${index} finds nothing`,
    })
  }
}

function indexCall(argument: Site, text: string): string | null {
  if (isSite(argument, 'Identifier') && /(?:index|pos|idx)/i.test(text)) return text
  if (!isSite(argument, 'CallExpression')) return null
  return /\.(?:indexOf|lastIndexOf|search|findIndex)\([^()]*\)$/.test(text) ? text : null
}

function enclosed(site: Site, text: string, required: number): string {
  return isParenthesised(site.node) ? `(${text})` : asOperand(text, site.node, required)
}

/** End of an expression with its closing parenthesis, if it has its own. */
function outerEnd(site: Site, text: string): number {
  return isParenthesised(site.node) ? text.indexOf(')', site.end) + 1 : site.end
}
