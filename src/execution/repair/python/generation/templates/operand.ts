import {
  asOperand,
  fieldOf,
  isPure,
  isValue,
  operatorOf,
  operatorPrecedence,
  precedence,
  precedenceOf,
} from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'
import { isSequence } from './operator.ts'

/** A term of a computation is missing, superfluous or in the wrong place. */
export const template: Template = {
  name: 'operand',
  fault: 'A computation lacks a term, or has one too many.',
  *propose(node, context) {
    if (node.type === 'binary_operator') {
      yield* dropped(node, context)
      yield* exchanged(node, context)
    }
    if (node.type === 'conditional_expression') yield* oneBranch(node, context)
    if (isValue(node) && isComputed(node)) {
      yield* joined(node, context)
      yield* powers(node, context)
    }
  },
}

function sides(node: PythonNode): readonly [PythonNode, PythonNode, string] | null {
  const [left, right, operator] = [fieldOf(node, 'left'), fieldOf(node, 'right'), operatorOf(node)]
  return left === null || right === null || operator === null ? null : [left, right, operator.type]
}

function* dropped(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const parts = sides(node)
  if (parts === null) return
  const [left, right, operator] = parts
  const label = { variant: 'drop' }
  for (const [kept, lost] of [
    [left, right],
    [right, left],
  ] as const) {
    const isConstant = /^(?:integer|float|string)$/.test(lost.type)
    yield replaceExpression(node, tree.textOf(kept), precedenceOf(kept), {
      ...label,
      weight: isConstant ? 0.25 : 0.12,
      description: `leave out ${operator} ${tree.textOf(lost)}`,
    })
  }
}

function* exchanged(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const parts = sides(node)
  if (parts === null) return
  const [left, right, operator] = parts
  if (/^[*&|^]$/.test(operator)) return
  const own = operatorPrecedence(operator)
  const text = `${asOperand(tree.textOf(right), precedenceOf(right), own)} ${operator} ${asOperand(tree.textOf(left), precedenceOf(left), own + 1)}`
  const isNumeric = [left, right].some(({ type }) => type === 'integer' || type === 'float')
  const weight = operator === '+' ? (isNumeric ? 0.02 : isSequence(node) ? 0.25 : 0.2) : 0.2
  yield replaceExpression(node, text, own, {
    variant: 'exchange',
    weight,
    description: `compute ${text} instead of ${tree.textOf(node)}`,
  })
}

function* oneBranch(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const [first, , last] = node.children.filter(({ named }) => named)
  for (const branch of [first, last]) {
    if (branch === undefined) continue
    yield replaceExpression(node, tree.textOf(branch), precedenceOf(branch), {
      variant: 'one-branch',
      weight: 0.08,
      description: `always use ${tree.textOf(branch)}`,
    })
  }
}

function isComputed(node: PythonNode): boolean {
  return (
    node.field !== 'function' &&
    node.field !== 'object' &&
    /^(?:identifier|call|attribute|subscript|binary_operator|parenthesized_expression|list_comprehension|list|integer)$/.test(
      node.type,
    ) &&
    node.parent?.type !== 'expression_statement'
  )
}

/** Where terms are added to what is there already, rather than to a part of it. */
function isWhole({ parent, type }: PythonNode): boolean {
  return (
    !(parent?.type === 'binary_operator' || parent?.type === 'parenthesized_expression') ||
    type !== 'binary_operator'
  )
}

function* joined(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  if (!isWhole(node)) return
  const own = tree.textOf(node)
  const operand = asOperand(own, precedenceOf(node), precedence.sum)
  const place = placeWeight(node)
  const sequence = isSequence(node)
  for (const { text, shape, relevance, binding, kind } of context.ingredientsAt(node).slice(0, 14)) {
    if (binding === 'import' || /^(?:function|class|module|dict|none|boolean)$/.test(shape)) continue
    if (own === text) continue
    const likely = 0.16 * relevance * place * (kind === 'member' ? 0.6 : 1) * (own.includes(text) ? 0.5 : 1)
    if (likely < context.leastWeight) continue
    const isNumber = shape === 'number' || shape === 'unknown'
    const label = (sum: string, factor: number) => ({
      variant: 'add',
      weight: likely * factor,
      description: `use ${sum} instead of ${own}`,
    })
    yield replaceExpression(node, `${operand} + ${text}`, precedence.sum, label(`${own} + ${text}`, 0.7))
    if (sequence || shape === 'string' || shape === 'list' || shape === 'unknown')
      yield replaceExpression(
        node,
        `${text} + ${operand}`,
        precedence.sum,
        label(`${text} + ${own}`, sequence ? 0.9 : 0.35),
      )
    if (isNumber && !sequence) {
      yield replaceExpression(node, `${operand} - ${text}`, precedence.sum, label(`${own} - ${text}`, 0.8))
      const factor = asOperand(own, precedenceOf(node), precedence.product)
      yield replaceExpression(node, `${factor} * ${text}`, precedence.product, label(`${own} * ${text}`, 0.3))
      yield replaceExpression(node, `${text} - ${operand}`, precedence.sum, label(`${text} - ${own}`, 0.15))
    }
  }
}

function placeWeight({ parent }: PythonNode): number {
  switch (parent?.type) {
    case 'argument_list':
    case 'return_statement':
      return 1
    case 'assignment':
    case 'augmented_assignment':
    case 'slice':
    case 'subscript':
      return 0.7
    case 'comparison_operator':
    case 'binary_operator':
      return 0.5
    default:
      return 0.3
  }
}

function* powers(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  if (!/^(?:identifier|attribute|subscript|call)$/.test(node.type) || !isPure(node)) return
  const parent = node.parent?.type ?? ''
  if (!/^(?:binary_operator|comparison_operator|return_statement|assignment|argument_list)$/.test(parent))
    return
  const text = tree.textOf(node)
  const isTerm = parent === 'binary_operator' || parent === 'comparison_operator'
  for (const [computed, own, weight] of [
    [`${text} ** 2`, precedence.power, isTerm ? 0.08 : 0.03],
    [`${text} * 2`, precedence.product, 0.04],
    [`${text} // 2`, precedence.product, 0.04],
    [`-${text}`, precedence.unary, 0.06],
    [`abs(${text})`, precedence.primary, 0.05],
  ] as const) {
    yield replaceExpression(node, computed, own, {
      variant: 'compute',
      weight,
      description: `use ${computed} instead of ${text}`,
    })
  }
}
