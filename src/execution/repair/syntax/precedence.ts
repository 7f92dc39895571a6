import type { Node } from '@babel/types'

import type { Site } from './source-tree.ts'

/** How tightly an expression binds; higher binds tighter. After the table in ECMA-262, section 13. */
export const precedence = {
  sequence: 0,
  assignment: 1,
  conditional: 2,
  nullish: 3,
  or: 4,
  and: 5,
  equality: 9,
  relational: 10,
  additive: 12,
  multiplicative: 13,
  unary: 15,
  call: 18,
  primary: 20,
} as const

const binaryPrecedence: Readonly<Record<string, number>> = {
  '|': 6,
  '^': 7,
  '&': 8,
  '==': 9,
  '!=': 9,
  '===': 9,
  '!==': 9,
  '<': 10,
  '<=': 10,
  '>': 10,
  '>=': 10,
  in: 10,
  instanceof: 10,
  '<<': 11,
  '>>': 11,
  '>>>': 11,
  '+': 12,
  '-': 12,
  '*': 13,
  '/': 13,
  '%': 13,
  '**': 14,
}

const logicalPrecedence: Readonly<Record<string, number>> = { '??': 3, '||': 4, '&&': 5 }

/** Precedence of a binary or logical operator. */
export function operatorPrecedence(operator: string): number {
  return binaryPrecedence[operator] ?? logicalPrecedence[operator] ?? precedence.assignment
}

/** Precedence of an expression by the kind of its node. */
export function precedenceOf(node: Node): number {
  switch (node.type) {
    case 'SequenceExpression':
      return precedence.sequence
    case 'AssignmentExpression':
    case 'ArrowFunctionExpression':
    case 'YieldExpression':
      return precedence.assignment
    case 'ConditionalExpression':
      return precedence.conditional
    case 'LogicalExpression':
    case 'BinaryExpression':
      return operatorPrecedence(node.operator)
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return precedence.relational
    case 'UnaryExpression':
    case 'AwaitExpression':
    case 'TSTypeAssertion':
      return precedence.unary
    case 'UpdateExpression':
      return 16
    case 'CallExpression':
    case 'OptionalCallExpression':
    case 'MemberExpression':
    case 'OptionalMemberExpression':
    case 'NewExpression':
    case 'TSNonNullExpression':
    case 'TaggedTemplateExpression':
      return precedence.call
    case 'FunctionExpression':
    case 'ObjectExpression':
    case 'ClassExpression':
      // May not begin a statement, and reads badly as an operand.
      return precedence.call
    default:
      return precedence.primary
  }
}

/** Whether the text already has its own parentheses around the node. */
export function isParenthesised(node: Node): boolean {
  return node.extra?.['parenthesized'] === true
}

/** Text of an expression for use as an operand of an operator of the given precedence. */
export function asOperand(text: string, node: Node, required: number): string {
  const own = precedenceOf(node)
  const mixesNullish = node.type === 'LogicalExpression' && (required === 3) !== (own === 3) && required < 6
  return own < required || mixesNullish ? `(${text})` : text
}

/**
 * Text that replaces the expression at a site, in parentheses where its surroundings bind tighter than `own`, the
 * precedence of the new text.
 */
export function placed(site: Site, text: string, own: number): string {
  if (isParenthesised(site.node)) return text
  const required = requiredAt(site)
  const mixesNullish =
    site.parent?.node.type === 'LogicalExpression' &&
    (own === 3 || required === 3) &&
    own < 6 &&
    own !== required
  return own < required || mixesNullish || (own === 1 && required > 1) ? `(${text})` : text
}

function requiredAt(site: Site): number {
  const parent = site.parent?.node
  if (parent === undefined) return precedence.sequence
  switch (parent.type) {
    case 'BinaryExpression':
    case 'LogicalExpression': {
      const required = operatorPrecedence(parent.operator)
      return site.key === 'right' ? required + (parent.type === 'LogicalExpression' ? 0 : 1) : required
    }
    case 'UnaryExpression':
    case 'AwaitExpression':
    case 'UpdateExpression':
    case 'SpreadElement':
      return parent.type === 'SpreadElement' ? precedence.assignment : precedence.unary
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return site.key === 'object' ? precedence.call : precedence.sequence
    case 'CallExpression':
    case 'OptionalCallExpression':
    case 'NewExpression':
      return site.key === 'callee' ? precedence.call : precedence.assignment
    case 'TaggedTemplateExpression':
    case 'TSNonNullExpression':
      return precedence.call
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return precedence.relational
    case 'ConditionalExpression':
      return site.key === 'test' ? precedence.nullish : precedence.assignment
    case 'ClassDeclaration':
    case 'ClassExpression':
      return precedence.call
    case 'ArrowFunctionExpression':
    case 'AssignmentExpression':
    case 'AssignmentPattern':
    case 'VariableDeclarator':
    case 'ObjectProperty':
    case 'ArrayExpression':
    case 'YieldExpression':
    case 'ExportDefaultDeclaration':
      return precedence.assignment
    default:
      return precedence.sequence
  }
}
