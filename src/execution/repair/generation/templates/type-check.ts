import { asOperand, childAt, isParenthesised, isSite, isValue, precedence } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression, replaceRange } from '../edits.ts'
import { shapeOf } from '../shapes.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

const typeNames = [
  'string',
  'number',
  'boolean',
  'object',
  'function',
  'undefined',
  'bigint',
  'symbol',
] as const

/** Wrong questions about the type of a value, and values of the wrong type. */
export const template: Template = {
  name: 'type-check',
  about: 'Asks for another type, asks in another way, or converts a value.',
  fault: 'The type of a value is not what the code takes it for.',
  *propose(site, context) {
    if (!isValue(site)) return
    if (isSite(site, 'BinaryExpression')) yield* typeofTests(site, context)
    if (isSite(site, 'CallExpression')) yield* predicates(site, context)
    yield* conversions(site, context)
  },
}

function* typeofTests(site: Site, context: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'BinaryExpression')) return
  const [left, right] = [childAt(site, 'left'), childAt(site, 'right')]
  const { operator } = site.node
  if (
    !isSite(left, 'UnaryExpression') ||
    left.node.operator !== 'typeof' ||
    !isSite(right, 'StringLiteral')
  ) {
    if (operator === 'instanceof' && left !== undefined && right !== undefined) {
      yield replaceExpression(site, `Array.isArray(${context.tree.textOf(left)})`, precedence.call, {
        variant: 'predicate',
        weight: 0.06,
        description: `ask whether ${context.tree.textOf(left)} is an array`,
      })
    }
    return
  }
  const { tree, style } = context
  const subject = tree.textOf(left.children[0] ?? left)
  for (const name of typeNames) {
    if (name === right.node.value) continue
    yield replaceRange(right.start, right.end, `${style.quote}${name}${style.quote}`, {
      variant: 'typeof',
      weight: 0.1,
      description: `ask whether ${subject} is of type ${name}`,
    })
  }
  const positive = operator === '===' || operator === '=='
  for (const [test, weight] of [
    [`Array.isArray(${subject})`, 0.1],
    [`${subject} !== null`, 0.06],
    [subject, 0.15],
    [`${subject} instanceof Object`, 0.02],
    [`Buffer.isBuffer(${subject})`, 0.03],
  ] as const) {
    const text = positive ? test : `!(${test})`
    yield replaceExpression(site, text, positive ? precedence.equality : precedence.unary, {
      variant: 'predicate',
      weight,
      description: `ask for ${text} instead of the type`,
    })
  }
}

function* predicates(site: Site, { tree, style }: FileContext): Iterable<Proposal> {
  const text = tree.textOf(site)
  const match =
    /^(Array\.isArray|isNaN|Number\.isNaN|isFinite|Number\.isFinite|Number\.isInteger)\(([^()]{1,60})\)$/.exec(
      text,
    )
  const subject = match?.[2]
  if (match === null || subject === undefined) return
  const alternatives =
    match[1] === 'Array.isArray'
      ? [`typeof ${subject} === ${style.quote}object${style.quote}`, `${subject}.length !== undefined`]
      : [
          `Number.isNaN(${subject})`,
          `isNaN(${subject})`,
          `!Number.isFinite(${subject})`,
          `Number.isInteger(${subject})`,
        ]
  for (const alternative of alternatives) {
    if (alternative === text) continue
    yield replaceExpression(site, alternative, precedence.equality, {
      variant: 'predicate',
      weight: 0.08,
      description: `ask for ${alternative}`,
    })
  }
}

/** `x` becomes `String(x)`, `Number(x)`, `x.trim()` … where it is passed, stored, returned or compared. */
function* conversions(site: Site, { tree, facts, leastWeight }: FileContext): Iterable<Proposal> {
  const { node, parent } = site
  if (
    !/^(?:Identifier|MemberExpression|CallExpression|UnaryExpression)$/.test(node.type) ||
    site.key === 'callee' ||
    site.key === 'object'
  )
    return
  if (node.type === 'UnaryExpression' && node.operator !== '+') return
  if (
    !isSite(
      parent,
      'CallExpression',
      'VariableDeclarator',
      'AssignmentExpression',
      'ReturnStatement',
      'BinaryExpression',
      'ConditionalExpression',
      'ObjectProperty',
      'TemplateLiteral',
    )
  )
    return
  if (isSite(parent, 'ObjectProperty') && parent.node.shorthand) return
  const text = tree.textOf(site)
  if (text.length > 60) return
  const shape = facts.shapes.get(text) ?? shapeOf(node)
  const options: (readonly [string, number])[] = []
  const subject = isParenthesised(node) ? `(${text})` : asOperand(text, node, precedence.call)
  if (node.type === 'UnaryExpression') {
    const inner = text.slice(1).trim()
    options.push([`parseInt(${inner}, 10)`, 0.3], [`parseFloat(${inner})`, 0.15], [inner, 0.05])
  } else {
    if (shape !== 'string') options.push([`String(${text})`, 0.12], [`${subject}.toString()`, 0.06])
    if (shape !== 'number') options.push([`Number(${text})`, 0.1], [`parseInt(${text}, 10)`, 0.06])
    if (shape === 'string' || shape === 'unknown') {
      options.push(
        [`${subject}.trim()`, 0.06],
        [`${subject}.toLowerCase()`, 0.06],
        [`${subject}.slice(1)`, 0.05],
        [`${subject}.slice(0, -1)`, 0.05],
      )
    }
    if (shape !== 'boolean') options.push([`!!${subject}`, 0.04])
    if (shape === 'number')
      options.push([`Math.floor(${text})`, 0.05], [`Math.max(0, ${text})`, 0.06], [`Math.abs(${text})`, 0.05])
    if (shape === 'array' || shape === 'unknown')
      options.push([`[].concat(${text})`, 0.05], [`${subject}[0]`, 0.03])
  }
  for (const [replacement, weight] of options) {
    if (weight < leastWeight) continue
    yield replaceExpression(
      site,
      replacement,
      replacement.startsWith('!') ? precedence.unary : precedence.call,
      {
        variant: 'convert',
        weight,
        description: `use ${replacement} instead of ${text}`,
      },
    )
  }
}
