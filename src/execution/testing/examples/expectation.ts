import type { Comment, Node, Statement } from '@babel/types'

import { parseScript, walkScript } from '../../repository/index.ts'

const announced =
  /^[\s*]*(?:expect(?:ed|s)?|should)(?:\s+(?:result|output|value|to|be|equal|return|print|log|give|is))*\s*[:=]*>?\s*([\s\S]+)$/i

/**
 * The statement as an assertion, where a comment after it says in words and as a literal what its value should be:
 * `parse('a') // expected: { a: '' }`. Null where there is none.
 */
export function asAssertion(statement: Statement, comments: readonly Comment[], text: string): string | null {
  if (statement.type !== 'ExpressionStatement') return null
  const value = valueOf(statement.expression)
  const [expected] = comments.flatMap(({ value: comment }) => literalIn(comment) ?? [])
  if (value === null || expected === undefined) return null
  return `deepStrictEqual(${text.slice(value.start ?? 0, value.end ?? 0)}, ${expected})`
}

/** What is printed, where the statement prints; else what the statement computes. */
function valueOf(expression: Node): Node | null {
  if (expression.type === 'AwaitExpression') return expression
  if (expression.type !== 'CallExpression') return null
  const { callee } = expression
  const prints =
    callee.type === 'MemberExpression' &&
    callee.object.type === 'Identifier' &&
    callee.object.name === 'console'
  return prints ? (expression.arguments[0] ?? null) : expression
}

const harmless = new Set([
  'File',
  'Program',
  'ExpressionStatement',
  'ParenthesizedExpression',
  'ArrayExpression',
  'ObjectExpression',
  'ObjectProperty',
  'StringLiteral',
  'NumericLiteral',
  'BooleanLiteral',
  'NullLiteral',
  'UnaryExpression',
])

/** The literal that a comment gives as the expected value; null where it is prose. */
function literalIn(comment: string): string | null {
  const given = announced.exec(comment)?.[1]?.trim().replace(/[;.]$/, '') ?? ''
  if (given === '') return null
  const file = parseScript('expected.js', `(${given})`)
  if (file === undefined || file.errors.length > 0) return null
  const others: Node[] = []
  walkScript(file, (node, ancestors) => {
    const parent = ancestors.at(-1)
    const isKey = parent?.type === 'ObjectProperty' && parent.key === node && !parent.computed
    const isUndefined = node.type === 'Identifier' && node.name === 'undefined'
    if (!harmless.has(node.type) && !isKey && !isUndefined) others.push(node)
  })
  return others.length === 0 ? given : null
}
