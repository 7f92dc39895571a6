import type { PythonNode } from './tree.ts'

/** From loosest to tightest; see https://docs.python.org/3/reference/expressions.html#operator-precedence. */
export const precedence = {
  none: 0,
  lambda: 1,
  conditional: 2,
  or: 3,
  and: 4,
  not: 5,
  comparison: 6,
  bitOr: 7,
  bitXor: 8,
  bitAnd: 9,
  shift: 10,
  sum: 11,
  product: 12,
  unary: 13,
  power: 14,
  primary: 16,
} as const

const operators: Readonly<Record<string, number>> = {
  or: precedence.or,
  and: precedence.and,
  '|': precedence.bitOr,
  '^': precedence.bitXor,
  '&': precedence.bitAnd,
  '<<': precedence.shift,
  '>>': precedence.shift,
  '+': precedence.sum,
  '-': precedence.sum,
  '*': precedence.product,
  '/': precedence.product,
  '//': precedence.product,
  '%': precedence.product,
  '@': precedence.product,
  '**': precedence.power,
}

export function operatorPrecedence(operator: string): number {
  return operators[operator] ?? precedence.comparison
}

/** How tightly an expression holds together. */
export function precedenceOf(node: PythonNode): number {
  switch (node.type) {
    case 'lambda':
      return precedence.lambda
    case 'conditional_expression':
      return precedence.conditional
    case 'boolean_operator':
    case 'binary_operator':
      return operatorPrecedence(operatorOf(node)?.type ?? '')
    case 'not_operator':
      return precedence.not
    case 'comparison_operator':
      return precedence.comparison
    case 'unary_operator':
      return precedence.unary
    case 'named_expression':
    case 'yield':
      return precedence.none
    default:
      return precedence.primary
  }
}

/** The operator's token. */
export function operatorOf(node: PythonNode): PythonNode | null {
  return (
    node.children.find(({ field, named }) => field === 'operator' || (!named && field === 'operators')) ??
    null
  )
}

/** How tightly the place of a node demands an expression to hold together. */
function demandedAt({ parent, field }: PythonNode): number {
  if (parent === null) return precedence.none
  switch (parent.type) {
    case 'binary_operator': {
      const own = operatorPrecedence(operatorOf(parent)?.type ?? '')
      const isOuter = operatorOf(parent)?.type === '**' ? field === 'right' : field === 'left'
      return isOuter ? own : own + 1
    }
    case 'boolean_operator': {
      const own = operatorPrecedence(operatorOf(parent)?.type ?? '')
      return field === 'left' ? own : own + 1
    }
    case 'comparison_operator':
      return precedence.bitOr
    case 'not_operator':
      return precedence.not
    case 'unary_operator':
      return precedence.unary
    case 'conditional_expression':
    case 'if_clause':
      return precedence.or
    case 'for_in_clause':
      return precedence.or
    case 'attribute':
    case 'await':
      return precedence.primary
    case 'call':
      return field === 'function' ? precedence.primary : precedence.none
    case 'subscript':
      return field === 'value' ? precedence.primary : precedence.none
    case 'list_splat':
    case 'dictionary_splat':
      return precedence.bitOr
    default:
      return precedence.none
  }
}

/** The text of an expression, in parentheses where the place of a node needs them. */
export function placed(node: PythonNode, text: string, own: number): string {
  return own < demandedAt(node) ? `(${text})` : text
}

/** The text as an operand of something of the given precedence. */
export function asOperand(text: string, own: number, outer: number): string {
  return own < outer ? `(${text})` : text
}
