import { fieldOf, functionOf, namedChildren } from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { namesAlike } from '../../../generation/index.ts'
import { replaceNode } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

const updating = new Set(['update', 'extend', 'append', 'add', 'insert'])

/** A result goes to the wrong place, or is added where it should replace. */
export const template: Template = {
  name: 'assignment',
  fault: 'A value is stored in the wrong place or in the wrong way.',
  *propose(node, context) {
    if (node.type === 'assignment' || node.type === 'augmented_assignment') {
      yield* otherTarget(node, context)
      yield* otherKind(node, context)
    } else if (node.type === 'expression_statement') yield* assigned(node, context)
    else if (node.type === 'for_statement' || node.type === 'for_in_clause') yield* otherLoop(node, context)
  },
}

function* otherTarget(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  const target = fieldOf(node, 'left')
  if (target === null || target.type === 'pattern_list' || target.type === 'tuple_pattern') return
  const own = tree.textOf(target)
  for (const { text, binding, kind, relevance, own: isOwn } of context.ingredientsAt(node)) {
    if (text === own || binding === 'import' || binding === 'function' || !isOwn) continue
    // A target of the same kind is likelier, and so is one that the value reads already.
    const sameKind = (kind === 'member') === (target.type !== 'identifier') ? 1 : 0.35
    const alike = namesAlike(rootOf(own), rootOf(text))
    const read = tree.textOf(node).includes(text) ? 0.1 : 0
    yield replaceNode(target, text, {
      variant: 'target',
      weight: (0.1 * relevance + 0.08 * alike + read) * sameKind,
      description: `store in ${text} instead of ${own}`,
    })
  }
}

function* otherKind(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const [left, right] = [fieldOf(node, 'left'), fieldOf(node, 'right')]
  const equals = node.children.find(({ type }) => type === '=')
  if (left === null || right === null || equals === undefined || node.type !== 'assignment') return
  if (left.type === 'pattern_list') return
  for (const [operator, weight] of [
    ['+=', 0.1],
    ['-=', 0.05],
    ['*=', 0.03],
  ] as const) {
    yield replaceNode(equals, operator, {
      variant: 'accumulate',
      weight,
      description: `change ${tree.textOf(left)} with ${operator}`,
    })
  }
}

/** `x.update(y)` becomes `x = y` or `x = x + y`. */
function* assigned(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const [call] = namedChildren(node)
  const callee = call?.type === 'call' ? fieldOf(call, 'function') : null
  const list = call?.type === 'call' ? fieldOf(call, 'arguments') : null
  if (callee?.type !== 'attribute' || list?.type !== 'argument_list') return
  const [object, method] = [fieldOf(callee, 'object'), fieldOf(callee, 'attribute')]
  const [argument, more] = namedChildren(list)
  if (object === null || method === null || argument === undefined || more !== undefined) return
  if (!updating.has(tree.textOf(method))) return
  const text = `${tree.textOf(object)} = ${tree.textOf(argument)}`
  yield replaceNode(node, text, {
    variant: 'replace',
    weight: 0.16,
    description: `assign: ${text}`,
  })
}

/** Loop variables in the other order. */
function* otherLoop(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const left = fieldOf(node, 'left')
  if (left?.type !== 'pattern_list' || functionOf(node) === null) return
  const [one, other, more] = namedChildren(left)
  if (one === undefined || other === undefined || more !== undefined) return
  const text = `${tree.textOf(other)}, ${tree.textOf(one)}`
  yield replaceNode(left, text, { variant: 'loop', weight: 0.1, description: `loop over ${text}` })
}

function rootOf(text: string): string {
  return /^\w+/.exec(text)?.[0] ?? text
}
