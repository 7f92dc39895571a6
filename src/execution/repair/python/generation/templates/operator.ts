import {
  asOperand,
  fieldOf,
  namedChildren,
  operatorOf,
  precedence,
  precedenceOf,
} from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { replaceExpression, replaceNode } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

type Swaps = Readonly<Record<string, Readonly<Record<string, number>>>>

const comparisons: Swaps = {
  '<': { '<=': 0.6, '>': 0.25, '>=': 0.2, '!=': 0.06 },
  '<=': { '<': 0.6, '>=': 0.25, '>': 0.2, '==': 0.06 },
  '>': { '>=': 0.6, '<': 0.25, '<=': 0.2, '!=': 0.06 },
  '>=': { '>': 0.6, '<=': 0.25, '<': 0.2, '==': 0.06 },
  '==': { '!=': 0.3, '<=': 0.15, '>=': 0.15, '<': 0.06, '>': 0.06, is: 0.05, in: 0.05 },
  '!=': { '==': 0.3, '<': 0.12, '>': 0.12, 'is not': 0.05, 'not in': 0.05 },
  in: { 'not in': 0.3, '==': 0.04 },
  'not in': { in: 0.3, '!=': 0.04 },
  is: { '==': 0.25, 'is not': 0.3 },
  'is not': { '!=': 0.25, is: 0.3 },
}

const arithmetic: Swaps = {
  '+': { '-': 0.4, '*': 0.12 },
  '-': { '+': 0.4, '*': 0.05, '%': 0.04 },
  '*': { '**': 0.15, '+': 0.12, '/': 0.1, '//': 0.1 },
  '/': { '//': 0.3, '*': 0.15, '%': 0.1 },
  '//': { '/': 0.3, '%': 0.15, '*': 0.1 },
  '%': { '//': 0.25, '/': 0.08 },
  '**': { '*': 0.2 },
  '&': { '|': 0.35, '^': 0.3 },
  '|': { '&': 0.35, '^': 0.3 },
  '^': { '&': 0.35, '|': 0.3, '**': 0.2 },
  '<<': { '>>': 0.4 },
  '>>': { '<<': 0.4 },
}

const logic: Swaps = { and: { or: 0.35 }, or: { and: 0.35 } }

/** Another operator, or the same with its sides exchanged. */
export const template: Template = {
  name: 'operator',
  fault: 'The wrong operator is used.',
  *propose(node, { tree }) {
    const operator = operatorOf(node)
    switch (node.type) {
      case 'comparison_operator':
        yield* swapped(operator, comparisons, 'comparison', 'compare with')
        yield* mirrored(node, operator, tree)
        return
      case 'binary_operator':
        yield* swapped(operator, arithmetic, 'arithmetic', 'compute with')
        return
      case 'boolean_operator':
        yield* swapped(operator, logic, 'logic', 'join with')
        return
      case 'augmented_assignment':
        yield* augmented(operator)
        return
      default:
    }
  },
}

function* swapped(
  operator: PythonNode | null,
  swaps: Swaps,
  variant: string,
  verb: string,
): Iterable<Proposal> {
  if (operator === null) return
  for (const [other, weight] of Object.entries(swaps[operator.type] ?? {})) {
    const description = `${verb} ${other} instead of ${operator.type}`
    yield replaceNode(operator, other, { variant, weight, description })
  }
}

function* augmented(operator: PythonNode | null): Iterable<Proposal> {
  if (operator === null) return
  const label = { variant: 'augmented' }
  for (const [other, weight] of Object.entries(arithmetic[operator.type.slice(0, -1)] ?? {})) {
    yield replaceNode(operator, `${other}=`, {
      ...label,
      weight: weight * 1.2,
      description: `update with ${other}= instead of ${operator.type}`,
    })
  }
  yield replaceNode(operator, '=', { ...label, weight: 0.15, description: 'assign instead of adding to it' })
}

/** `a < b` becomes `b < a`. */
function* mirrored(
  node: PythonNode,
  operator: PythonNode | null,
  tree: FileContext['tree'],
): Iterable<Proposal> {
  const [left, right, more] = namedChildren(node)
  if (left === undefined || right === undefined || more !== undefined || operator === null) return
  if (!/^(?:[<>]=?|in|not in)$/.test(operator.type)) return
  const side = (part: PythonNode): string =>
    asOperand(tree.textOf(part), precedenceOf(part), precedence.bitOr)
  const text = `${side(right)} ${operator.type} ${side(left)}`
  const alike = left.type === right.type ? 0.25 : 0.12
  const label = { variant: 'mirror', weight: alike, description: `exchange the sides: ${text}` }
  yield replaceExpression(node, text, precedence.comparison, label)
}

/** Whether a value is certainly text or a list, so that the order of its sum matters. */
export function isSequence(node: PythonNode): boolean {
  if (/^(?:string|list|list_comprehension|concatenated_string)$/.test(node.type)) return true
  const left = node.type === 'binary_operator' ? fieldOf(node, 'left') : null
  return left !== null && isSequence(left)
}
