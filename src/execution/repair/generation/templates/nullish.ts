import { asOperand, isParenthesised, isPure, isSite, isValue, precedence } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression, replaceRange } from '../edits.ts'
import { shapeOf } from '../shapes.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Values that may be missing: optional access and defaults. */
export const template: Template = {
  name: 'nullish',
  about: 'Reads a member only if its object is there, or gives an expression a default.',
  fault: 'A value that may be missing is used as if it were always there.',
  *propose(site, context) {
    if (isSite(site, 'MemberExpression') && isValue(site)) yield* optionalAccess(site, context)
    if (isValue(site)) yield* withDefault(site, context)
    yield* droppedDefault(site, context)
  },
}

function* optionalAccess(site: Site, context: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'MemberExpression')) return
  const object = site.children[0]
  if (object === undefined || object.node.type === 'ThisExpression' || object.node.type === 'Super') return
  const { tree, style, vocabulary } = context
  const text = tree.textOf(object)
  if (/^(?:Object|Array|Math|JSON|Number|String|Buffer|Promise|Reflect|module|exports|process)$/.test(text))
    return
  const { property } = site.node
  const blamed = property.type === 'Identifier' && vocabulary.crashNames.has(property.name)
  const weight = blamed ? 0.8 : vocabulary.crashes.has('TypeError') ? 0.25 : 0.12
  const description = `read ${tree.textOf(site)} only if ${text} is there`
  const called = site.key === 'callee'
  if (style.optionalChaining) {
    const at = isParenthesised(object.node) ? tree.text.indexOf(')', object.end) + 1 : object.end
    const gap = site.node.computed ? '?.' : '?'
    yield replaceRange(at, at, gap, { variant: 'optional-chain', weight, description })
  } else if (isPure(object.node) && !called) {
    yield replaceExpression(site, `${text} && ${tree.textOf(site)}`, precedence.and, {
      variant: 'and-chain',
      weight,
      description,
    })
  }
  const start = isParenthesised(object.node) ? site.start : object.start
  const end = isParenthesised(object.node) ? tree.text.indexOf(')', object.end) + 1 : object.end
  for (const [fallback, share] of [
    ['{}', 0.3],
    [style.quote.repeat(2), 0.25],
    ['[]', 0.15],
  ] as const) {
    const operand = asOperand(tree.textOf(object), object.node, precedence.or)
    yield replaceRange(start, end, `(${operand} || ${fallback})`, {
      variant: 'default-object',
      weight: weight * share,
      description: `use ${fallback} where ${text} is missing`,
    })
  }
}

/** `x` becomes `x || fallback` where a value is stored, passed or returned. */
function* withDefault(site: Site, context: FileContext): Iterable<Proposal> {
  const place = defaultWeight(site)
  if (place === 0) return
  const { node } = site
  const { tree, style, facts } = context
  const shape = shapeOf(node, (name) => facts.shapes.get(name) ?? 'unknown')
  if (
    shape === 'boolean' ||
    shape === 'function' ||
    /Literal$|^(?:Object|Array|Function|Arrow|New|This)/.test(node.type)
  )
    return
  if (isSite(site, 'LogicalExpression') && site.node.operator !== '&&') return
  const text = tree.textOf(site)
  if (text.length > 100) return
  const offer = function* (fallback: string, weight: number): Iterable<Proposal> {
    if (fallback === text || weight < context.leastWeight) return
    const operators = style.optionalChaining ? (['??', '||'] as const) : (['||'] as const)
    for (const operator of operators) {
      const strength = operator === '||' ? precedence.or : precedence.nullish
      const operand = isParenthesised(node) ? `(${text})` : asOperand(text, node, strength)
      const replacement = `${operand} ${operator} ${fallback}`
      yield replaceExpression(site, isParenthesised(node) ? `(${replacement})` : replacement, strength, {
        variant: 'default',
        weight,
        description: `fall back on ${fallback} where ${text} is missing`,
      })
    }
  }
  const assigned = assignee(site, context)
  if (assigned !== null) yield* offer(assigned, 0.35)
  for (const [fallback, share] of [
    [style.quote.repeat(2), 0.35],
    ['0', 0.25],
    ['{}', 0.25],
    ['[]', 0.25],
    ['false', 0.12],
    ['null', 0.1],
    ['undefined', 0.06],
    ['1', 0.06],
  ] as const) {
    yield* offer(fallback, place * share)
  }
  let rank = 0
  for (const ingredient of context.ingredientsAt(site)) {
    if (
      ingredient.shape === 'function' ||
      (shape !== 'unknown' && ingredient.shape !== 'unknown' && ingredient.shape !== shape)
    )
      continue
    yield* offer(ingredient.text, (place * 0.3 * ingredient.relevance) / (1 + rank * 0.15))
    rank += 1
    if (rank >= 12) break
  }
}

/** `x || fallback` becomes `x`, or gets another fallback. */
function* droppedDefault(site: Site, context: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'LogicalExpression') || site.node.operator === '&&' || !isValue(site)) return
  const [left, right] = site.children
  if (left === undefined || right === undefined) return
  yield replaceExpression(site, context.tree.textOf(left), precedence.or, {
    variant: 'drop-default',
    weight: 0.1,
    description: `no longer fall back on ${context.tree.textOf(right)}`,
  })
}

function defaultWeight(site: Site): number {
  const { parent, key } = site
  if (isSite(parent, 'VariableDeclarator', 'AssignmentExpression')) return 0.4
  if (isSite(parent, 'ReturnStatement', 'ObjectProperty')) return 0.3
  if (isSite(parent, 'CallExpression', 'NewExpression') && key === 'arguments') return 0.25
  if (isSite(parent, 'BinaryExpression') && /^[-+*/%]$/.test(parent.node.operator)) return 0.12
  if (isSite(parent, 'TemplateLiteral', 'ArrowFunctionExpression', 'ConditionalExpression')) return 0.1
  return 0
}

/** What is being assigned to: keeping the old value is a frequent fallback. */
function assignee(site: Site, { tree }: FileContext): string | null {
  if (!isSite(site.parent, 'AssignmentExpression') || site.parent.node.operator !== '=') return null
  const left = site.parent.children[0]
  return left !== undefined && isPure(left.node) ? tree.textOf(left) : null
}
