import {
  fieldOf,
  isInLoop,
  isValue,
  namedChildren,
  operatorOf,
  precedence,
  precedenceOf,
  asOperand,
} from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

/** One too many or one too few. */
export const template: Template = {
  name: 'boundary',
  fault: 'A bound or an index is off by one.',
  *propose(node, context) {
    if (node.type === 'comparison_operator') yield* nextComparison(node, context)
    if (!isValue(node)) return
    const weight = weightAt(node, context)
    if (weight === 0) return
    if (node.type === 'integer') yield* otherInteger(node, weight, context)
    else if (isCountable(node)) yield* offByOne(node, weight, context)
  },
}

/** How likely it is that a value at such a place is off by one. */
function weightAt(node: PythonNode, { tree }: FileContext): number {
  const { parent } = node
  switch (parent?.type) {
    case 'subscript':
      return node.field === 'subscript' ? 0.2 : 0
    case 'slice':
      return 0.22
    case 'argument_list': {
      const callee = parent.parent === null ? null : fieldOf(parent.parent, 'function')
      return callee !== null && tree.textOf(callee) === 'range' ? 0.35 : 0.15
    }
    case 'comparison_operator':
      return 0.12
    case 'binary_operator':
      return operatorOf(parent)?.type === '*' ? 0.14 : 0.08
    case 'parenthesized_expression':
      return 0.12
    case 'assignment':
      return isInLoop(node) ? 0.14 : 0.08
    case 'return_statement':
    case 'conditional_expression':
      return 0.08
    case 'augmented_assignment':
      return 0.1
    case 'tuple':
    case 'list':
      return 0.05
    default:
      return 0
  }
}

function isCountable(node: PythonNode): boolean {
  return /^(?:identifier|call|binary_operator|attribute|subscript|parenthesized_expression|unary_operator)$/.test(
    node.type,
  )
}

function* offByOne(node: PythonNode, weight: number, { tree }: FileContext): Iterable<Proposal> {
  const text = tree.textOf(node)
  const [left, right] = [fieldOf(node, 'left'), fieldOf(node, 'right')]
  const operator = operatorOf(node)?.type
  if (left !== null && right !== null && tree.textOf(right) === '1' && /^[+-]$/.test(operator ?? '')) {
    const label = { variant: 'drop-one', weight: weight * 1.1 }
    const description = `use ${tree.textOf(left)} instead of ${text}`
    yield replaceExpression(node, tree.textOf(left), precedenceOf(left), { ...label, description })
    return
  }
  const isLength = node.type === 'call' && text.startsWith('len(')
  const operand = asOperand(text, precedenceOf(node), precedence.sum)
  for (const sign of ['+', '-'] as const) {
    const factor = isLength && sign === '-' ? 1.4 : node.type === 'binary_operator' ? 0.7 : 1
    yield replaceExpression(node, `${operand} ${sign} 1`, precedence.sum, {
      variant: sign === '+' ? 'one-more' : 'one-less',
      weight: weight * factor,
      description: `use ${text} ${sign} 1 instead of ${text}`,
    })
  }
}

function* otherInteger(node: PythonNode, weight: number, { tree }: FileContext): Iterable<Proposal> {
  const value = Number(tree.textOf(node))
  if (!Number.isSafeInteger(value)) return
  for (const other of [value + 1, value - 1]) {
    yield replaceExpression(node, String(other), other < 0 ? precedence.unary : precedence.primary, {
      variant: 'number',
      weight: weight * (other < 0 ? 0.6 : 1),
      description: `use ${other} instead of ${value}`,
    })
  }
}

/** `x == 0` becomes `x <= 1` or `x < 2`: the operator and the bound at once. */
function* nextComparison(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const [left, right, more] = namedChildren(node)
  const operator = operatorOf(node)?.type ?? ''
  if (left === undefined || right?.type !== 'integer' || more !== undefined) return
  const value = Number(tree.textOf(right))
  if (!Number.isSafeInteger(value) || !/^(?:[<>]=?|[=!]=)$/.test(operator)) return
  const side = tree.textOf(left)
  for (const [other, bound] of [
    ['<=', value + 1],
    ['>=', value + 1],
    ['>', value + 1],
    ['<', value + 2],
    ['<=', value - 1],
    ['>=', value - 1],
    ['==', value + 1],
    ['==', value - 1],
  ] as const) {
    if (other === operator) continue
    const text = `${asOperand(side, precedenceOf(left), precedence.bitOr)} ${other} ${bound}`
    const weight = other === '<=' || other === '>=' ? 0.1 : 0.06
    yield replaceExpression(node, text, precedence.comparison, {
      variant: 'comparison',
      weight,
      description: `ask whether ${text} instead of ${tree.textOf(node)}`,
    })
  }
}
