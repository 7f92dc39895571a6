import { asOperand, childrenAt, isParenthesised, isSite, isValue, precedence } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import { shapeOf } from '../shapes.ts'
import type { Template } from '../template.ts'

/** Methods whose arguments are positions. */
const positional =
  /^(?:slice|substring|substr|splice|charAt|charCodeAt|codePointAt|at|indexOf|lastIndexOf|fill|padStart|padEnd)$/

/** Off by one: positions, lengths and limits that are one too high or too low. */
export const template: Template = {
  name: 'boundary',
  about: 'Adds or subtracts one where a position, a length or a limit is meant.',
  fault: 'A position or limit is off by one.',
  *propose(site, { tree, facts }) {
    if (!isValue(site)) return
    const { node } = site
    const text = tree.textOf(site)
    const shape = shapeOf(node, (name) => facts.shapes.get(name) ?? 'unknown')
    const weight = positionWeight(site, shape === 'number')
    if (weight > 0 && node.type !== 'NumericLiteral' && text.length < 60) {
      const operand = isParenthesised(node) ? `(${text})` : asOperand(text, node, precedence.additive)
      for (const operator of ['-', '+']) {
        yield replaceExpression(site, `${operand} ${operator} 1`, precedence.additive, {
          variant: 'off-by-one',
          weight,
          description: `use ${text} ${operator} 1 instead of ${text}`,
        })
      }
    }
    if (isSite(site, 'BinaryExpression') && (site.node.operator === '+' || site.node.operator === '-')) {
      const [left, right] = site.children
      if (left === undefined || !isSite(right, 'NumericLiteral')) return
      yield replaceExpression(site, tree.textOf(left), precedence.additive, {
        variant: 'drop-offset',
        weight: 0.3,
        description: `remove ${site.node.operator} ${tree.textOf(right)}`,
      })
    }
  },
}

function positionWeight(site: Site, numeric: boolean): number {
  const { parent, key } = site
  if (isSite(parent, 'CallExpression') && key === 'arguments') {
    const { callee } = parent.node
    const name =
      callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : ''
    const first = childrenAt(parent, 'arguments')[0] === site
    if (positional.test(name)) return /ndexOf$/.test(name) && first ? 0 : 0.35
    return numeric ? 0.1 : 0
  }
  if (isSite(parent, 'MemberExpression') && key === 'property') return numeric ? 0.3 : 0.1
  if (isSite(parent, 'BinaryExpression')) {
    if (/^[<>]=?$/.test(parent.node.operator)) return 0.25
    return numeric ? 0.06 : 0
  }
  const stored = isSite(parent, 'VariableDeclarator', 'AssignmentExpression', 'ReturnStatement')
  return stored && numeric ? 0.12 : 0
}
