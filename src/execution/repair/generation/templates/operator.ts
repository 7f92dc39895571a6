import { isCondition, isSite, isValue, operatorPrecedence, precedence } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression, replaceRange } from '../edits.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Replacements of an operator, with how often they are the fix. */
const alternatives: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  '<': { '<=': 0.8, '>': 0.3, '>=': 0.15 },
  '<=': { '<': 0.8, '>=': 0.3, '>': 0.15 },
  '>': { '>=': 0.8, '<': 0.3, '<=': 0.15 },
  '>=': { '>': 0.8, '<=': 0.3, '<': 0.15 },
  '==': { '===': 0.3, '!=': 0.3 },
  '!=': { '!==': 0.3, '==': 0.3 },
  '===': { '!==': 0.35, '==': 0.15, '>=': 0.05, '<=': 0.05 },
  '!==': { '===': 0.35, '!=': 0.15, '>': 0.08, '<': 0.05 },
  '&&': { '||': 0.4, '??': 0.02 },
  '||': { '&&': 0.35, '??': 0.5 },
  '??': { '||': 0.3, '&&': 0.08 },
  '+': { '-': 0.3, '*': 0.08 },
  '-': { '+': 0.3 },
  '*': { '/': 0.2, '**': 0.04, '+': 0.08 },
  '/': { '*': 0.2, '%': 0.08 },
  '%': { '/': 0.1 },
  '&': { '|': 0.2, '&&': 0.08 },
  '|': { '&': 0.2, '^': 0.1, '||': 0.08 },
  '^': { '|': 0.1, '&': 0.2 },
  '<<': { '>>': 0.2 },
  '>>': { '<<': 0.2, '>>>': 0.3 },
  '>>>': { '>>': 0.2 },
}

const assignments: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  '=': { '+=': 0.15, '||=': 0.04 },
  '+=': { '=': 0.25, '-=': 0.25 },
  '-=': { '+=': 0.25, '=': 0.1 },
  '*=': { '/=': 0.1, '=': 0.1 },
  '/=': { '*=': 0.1 },
  '|=': { '&=': 0.1, '=': 0.1 },
  '&=': { '|=': 0.1 },
}

/** Wrong operators: comparisons that miss their boundary, `&&` for `||`, truthiness where a value was meant. */
export const template: Template = {
  name: 'operator',
  about: 'Replaces, negates or removes an operator.',
  fault: 'An operator says something else than is meant.',
  *propose(site, context) {
    if (isSite(site, 'BinaryExpression', 'LogicalExpression')) yield* binary(site, context)
    else if (isSite(site, 'AssignmentExpression')) yield* assignment(site, context)
    else if (isSite(site, 'UnaryExpression')) yield* unary(site, context)
    else if (isSite(site, 'UpdateExpression')) {
      const [from, to] = site.node.operator === '++' ? ['++', '--'] : ['--', '++']
      const at = site.node.prefix ? site.start : site.end - 2
      yield replaceRange(at, at + 2, to, {
        variant: 'update',
        weight: 0.1,
        description: `use ${to} instead of ${from}`,
      })
    }
    if (isValue(site) && isCondition(site)) yield* strictness(site, context)
  },
}

function* binary(site: Site, { tree, style }: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'BinaryExpression', 'LogicalExpression')) return
  const [left, right] = site.children
  if (left === undefined || right === undefined) return
  const { operator } = site.node
  const at = operatorOffset(tree.text, left, right, operator)
  for (const [other, weight] of Object.entries(alternatives[operator] ?? {})) {
    if (other === '??' && !style.optionalChaining && !style.modern) continue
    const description = `use ${other} instead of ${operator}`
    if (operatorPrecedence(other) === operatorPrecedence(operator) && at >= 0) {
      yield replaceRange(at, at + operator.length, other, { variant: 'replace', weight, description })
    } else {
      const text = `${operand(left, other, tree.textOf(left))} ${other} ${operand(right, other, tree.textOf(right))}`
      const label = { variant: 'replace', weight, description }
      yield replaceExpression(site, text, operatorPrecedence(other), label)
    }
  }
  if (operator === '-' || operator === '/' || operator === '%') {
    const text = `${operand(right, operator, tree.textOf(right))} ${operator} (${tree.textOf(left)})`
    const label = { variant: 'swap', weight: 0.08, description: `swap the operands of ${operator}` }
    yield replaceExpression(site, text, operatorPrecedence(operator), label)
  }
}

/** An operand keeps its own parentheses: they lie outside its node. */
function operand(site: Site, operator: string, text: string): string {
  const { node } = site
  const parenthesised = node.extra?.['parenthesized'] === true
  const loose = /^(?:Logical|Conditional|Assignment|Arrow|Yield|Sequence)/.test(node.type)
  const looser =
    node.type === 'BinaryExpression' && operatorPrecedence(node.operator) < operatorPrecedence(operator)
  // `-x ** y` is a syntax error.
  const prefixed = operator === '**' && /^(?:Unary|Await)/.test(node.type)
  return parenthesised || loose || looser || prefixed ? `(${text})` : text
}

function* assignment(site: Site, { tree, style }: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'AssignmentExpression')) return
  const [left, right] = site.children
  if (left === undefined || right === undefined) return
  if (left.node.type !== 'Identifier' && left.node.type !== 'MemberExpression') return
  const { operator } = site.node
  const at = operatorOffset(tree.text, left, right, operator)
  if (at < 0) return
  for (const [other, weight] of Object.entries(assignments[operator] ?? {})) {
    if (other === '||=' && !style.optionalChaining) continue
    const description = `use ${other} instead of ${operator}`
    yield replaceRange(at, at + operator.length, other, { variant: 'assignment', weight, description })
  }
}

function* unary(site: Site, { tree }: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'UnaryExpression') || !isValue(site)) return
  const { operator } = site.node
  if (!['!', '-', '+', '~'].includes(operator)) return
  yield replaceExpression(
    site,
    tree.text.slice(site.start + operator.length, site.end).trim(),
    precedence.unary,
    {
      variant: 'drop-unary',
      weight: operator === '!' ? 0.35 : 0.12,
      description: `remove ${operator}`,
    },
  )
}

/** `x` in a condition becomes `x === true`, `x !== undefined` …: truthiness was too much or too little. */
function* strictness(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const { node } = site
  if (node.type !== 'Identifier' && node.type !== 'MemberExpression') return
  const text = tree.textOf(site)
  const tests: readonly (readonly [string, number])[] = [
    ['=== true', 0.3],
    ['!== undefined', 0.25],
    ['!== null', 0.18],
    ['!= null', 0.15],
    ['!== false', 0.18],
    ['> 0', 0.06],
    ['>= 0', 0.06],
    ['!== -1', 0.04],
  ]
  const negated = isSite(site.parent, 'UnaryExpression')
  for (const [test, weight] of tests) {
    yield replaceExpression(site, `${text} ${test}`, precedence.equality, {
      variant: 'strict',
      weight: negated ? weight * 0.4 : weight,
      description: `test ${text} ${test} instead of its truthiness`,
    })
  }
}

function operatorOffset(text: string, left: Site, right: Site, operator: string): number {
  const between = text.slice(left.end, right.start)
  // A comment between the operands may hold anything.
  if (between.includes('/*') || between.includes('//')) return -1
  const at = between.indexOf(operator)
  return at < 0 ? -1 : left.end + at
}
