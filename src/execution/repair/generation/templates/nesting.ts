import {
  childAt,
  childrenAt,
  functionOf,
  isSite,
  isValue,
  precedence,
  precedenceOf,
} from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression, replaceRange } from '../edits.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Wrong nesting: loops and callbacks the wrong way round, calls around what they should not touch. */
export const template: Template = {
  name: 'nesting',
  about:
    'Exchanges nested loops or callbacks, unwraps a call, or wraps a value in a function of the project.',
  fault: 'Calls or loops are nested the wrong way.',
  *propose(site, context) {
    if (isSite(site, 'CallExpression')) {
      yield* exchangedCallbacks(site, context)
      if (isValue(site)) yield* unwrapped(site, context)
    }
    if (isSite(site, 'ForStatement', 'ForOfStatement', 'ForInStatement')) yield* exchangedLoops(site, context)
    if (isValue(site)) yield* wrapped(site, context)
  },
}

interface Callback {
  /** `xs.every(function (x) {` up to the body. */
  readonly head: { readonly start: number; readonly end: number }
  readonly inner: Site | null
}

/** A call whose last argument is a function that does nothing but return one expression. */
function callbackOf(site: Site): Callback | null {
  const last = childrenAt(site, 'arguments').at(-1)
  if (!isSite(last, 'FunctionExpression', 'ArrowFunctionExpression')) return null
  const body = childAt(last, 'body')
  if (body === undefined) return null
  if (!isSite(body, 'BlockStatement')) return { head: { start: site.start, end: body.start }, inner: body }
  const [statement, ...others] = body.children
  if (!isSite(statement, 'ReturnStatement') || others.length > 0) return null
  const inner = statement.children[0] ?? null
  return inner === null ? null : { head: { start: site.start, end: inner.start }, inner }
}

/** `a.every(x => b.some(y => …))` becomes `b.some(y => a.every(x => …))`. */
function* exchangedCallbacks(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const outer = callbackOf(site)
  if (outer === null || !isSite(outer.inner, 'CallExpression')) return
  const inner = callbackOf(outer.inner)
  if (inner?.inner === null || inner === null) return
  const body = inner.inner
  const outerHead = tree.textOf(outer.head)
  const innerHead = tree.textOf(inner.head)
  const outerTail = tree.text.slice(outer.inner.end, site.end)
  const innerTail = tree.text.slice(body.end, outer.inner.end)
  yield replaceRange(
    site.start,
    site.end,
    innerHead + outerHead + tree.textOf(body) + outerTail + innerTail,
    {
      variant: 'exchange',
      weight: 0.5,
      description: 'exchange the two nested callbacks',
    },
  )
}

function* exchangedLoops(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const body = childAt(site, 'body')
  const inner = isSite(body, 'BlockStatement') && body.children.length === 1 ? body.children[0] : body
  if (!isSite(inner, 'ForStatement', 'ForOfStatement', 'ForInStatement')) return
  const innerBody = childAt(inner, 'body')
  if (body === undefined || innerBody === undefined) return
  const outerHead = tree.text.slice(site.start, body.start)
  const innerHead = tree.text.slice(inner.start, innerBody.start)
  const text =
    innerHead +
    tree.text.slice(body.start, inner.start) +
    outerHead +
    tree.text.slice(innerBody.start, inner.end) +
    tree.text.slice(inner.end, site.end)
  yield replaceRange(site.start, site.end, text, {
    variant: 'exchange',
    weight: 0.15,
    description: 'exchange the two nested loops',
  })
}

/** `f(x)` becomes `x`, `x.f()` becomes `x`. */
function* unwrapped(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const args = childrenAt(site, 'arguments')
  const callee = childAt(site, 'callee')
  for (const argument of args.slice(0, 2)) {
    if (!isValue(argument) || /^(?:Function|Arrow|Spread)/.test(argument.node.type)) continue
    yield replaceExpression(site, tree.textOf(argument), precedenceOf(argument.node), {
      variant: 'unwrap',
      weight: args.length === 1 ? 0.12 : 0.05,
      description: `use ${tree.textOf(argument).slice(0, 40)} itself`,
    })
  }
  if (isSite(callee, 'MemberExpression')) {
    const object = childAt(callee, 'object')
    if (object === undefined || object.node.type === 'Super') return
    yield replaceExpression(site, tree.textOf(object), precedence.call, {
      variant: 'unwrap',
      weight: 0.12,
      description: `use ${tree.textOf(object).slice(0, 40)} itself`,
    })
  }
}

/** `x` becomes `f(x)` for functions of one argument that are called elsewhere in the file. */
function* wrapped(site: Site, context: FileContext): Iterable<Proposal> {
  const { tree, facts } = context
  if (
    !/^(?:Identifier|MemberExpression)$/.test(site.node.type) ||
    site.key === 'callee' ||
    site.key === 'object'
  )
    return
  if (isSite(site.parent, 'ObjectProperty') && site.parent.node.shorthand) return
  if (
    !isSite(
      site.parent,
      'CallExpression',
      'VariableDeclarator',
      'AssignmentExpression',
      'ReturnStatement',
      'ObjectProperty',
      'BinaryExpression',
    )
  )
    return
  const text = tree.textOf(site)
  const visible = context.namesAt(site)
  const around = functionOf(site)
  const seen = new Set<string>()
  for (const call of facts.calls) {
    if (call.arguments.length !== 1 || seen.has(call.callee) || !/^[\w$.]+$/.test(call.callee)) continue
    const root = call.callee.split('.', 1)[0] ?? ''
    if (!visible.has(root) || /^(?:require|console)$/.test(root)) continue
    seen.add(call.callee)
    const known = call.arguments[0] === text ? 2 : 1
    const near = functionOf(call.site) === around ? 1.5 : 1
    const weight = Math.min(0.2, 0.03 * known * near)
    if (weight < context.leastWeight || seen.size > 20) continue
    yield replaceExpression(site, `${call.callee}(${text})`, precedence.call, {
      variant: 'wrap',
      weight,
      description: `pass ${text} through ${call.callee}`,
    })
  }
}
