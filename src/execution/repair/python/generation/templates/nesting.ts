import { fieldOf, isPure, isValue, namedChildren, precedence, precedenceOf } from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

/** Conversions and orderings that values are put through, with how often they are forgotten. */
const wrappers: Readonly<Record<string, number>> = {
  list: 0.06,
  sorted: 0.06,
  set: 0.04,
  str: 0.05,
  int: 0.05,
  float: 0.03,
  len: 0.05,
  tuple: 0.03,
  abs: 0.05,
  reversed: 0.03,
  sum: 0.02,
  bool: 0.02,
  dict: 0.02,
}

/** A value is passed through a function too few or too many. */
export const template: Template = {
  name: 'nesting',
  fault: 'A value is not converted, limited or ordered as it has to be.',
  *propose(node, context) {
    if (!isValue(node)) return
    if (node.type === 'call') yield* unwrapped(node, context)
    yield* limited(node, context)
    yield* wrapped(node, context)
  },
}

function* unwrapped(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const list = fieldOf(node, 'arguments')
  const callee = fieldOf(node, 'function')
  if (list?.type !== 'argument_list' || callee === null) return
  for (const argument of namedChildren(list).slice(0, 3)) {
    if (argument.type === 'keyword_argument' || argument.type === 'list_splat') continue
    yield replaceExpression(node, tree.textOf(argument), precedenceOf(argument), {
      variant: 'unwrap',
      weight: 0.08,
      description: `use ${tree.textOf(argument)} without ${tree.textOf(callee)}`,
    })
  }
}

/** `max(0, x)`, or `max(y, x)` where `x` is assigned to `y`. */
function* limited(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  const { parent } = node
  const isAssigned = parent?.type === 'assignment' && node.field === 'right'
  const isReturned = parent?.type === 'return_statement'
  const isAppended = parent?.type === 'argument_list'
  if (!isAssigned && !isReturned && !isAppended) return
  if (!/^(?:identifier|binary_operator|call|subscript|attribute)$/.test(node.type)) return
  const own = tree.textOf(node)
  const target = isAssigned ? fieldOf(parent, 'left') : null
  const others: (readonly [string, number])[] = [
    ['0', isAssigned ? 0.12 : 0.05],
    ['1', 0.03],
  ]
  if (target !== null && target.type !== 'pattern_list') others.unshift([tree.textOf(target), 0.2])
  if (isAssigned || isReturned) {
    for (const { text, shape, relevance } of context.ingredientsAt(node).slice(0, 6))
      if (shape === 'number' || shape === 'unknown') others.push([text, 0.05 * relevance])
  }
  const factor = isAssigned ? 1 : 0.6
  for (const [other, weight] of others) {
    if (other === own) continue
    for (const name of ['max', 'min']) {
      yield replaceExpression(node, `${name}(${other}, ${own})`, precedence.primary, {
        variant: 'limit',
        weight: weight * factor * (name === 'max' ? 1 : 0.8),
        description: `use ${name}(${other}, ${own}) instead of ${own}`,
      })
    }
  }
}

function* wrapped(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  if (!/^(?:identifier|call|attribute|subscript|binary_operator|list|generator_expression)$/.test(node.type))
    return
  if (node.field === 'function' || node.field === 'object' || !isPure(node)) return
  const own = tree.textOf(node)
  if (own.length > 60) return
  const place = /^(?:return_statement|for_statement|for_in_clause|argument_list|assignment)$/.test(
    node.parent?.type ?? '',
  )
    ? 1
    : 0.5
  const inside = node.type === 'generator_expression' ? own.slice(1, -1) : own
  for (const [name, weight] of Object.entries(wrappers)) {
    yield replaceExpression(node, `${name}(${inside})`, precedence.primary, {
      variant: 'wrap',
      weight: weight * place,
      description: `use ${name}(${own}) instead of ${own}`,
    })
  }
  yield replaceExpression(node, `[${own}]`, precedence.primary, {
    variant: 'list',
    weight: (node.type === 'list' ? 0.2 : 0.06) * place,
    description: `use a list of ${own}`,
  })
}
