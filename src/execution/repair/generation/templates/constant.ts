import { isSite, isValue, precedence } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Wrong constants, defaults and initial values. */
export const template: Template = {
  name: 'constant',
  about: 'Flips a boolean, changes a number, or replaces an empty or initial value.',
  fault: 'A constant or default has the wrong value.',
  *propose(site, context) {
    if (!isValue(site)) return
    yield* constantAt(site, context)
    yield* initialValue(site, context)
  },
}

function* constantAt(site: Site, context: FileContext): Iterable<Proposal> {
  const { node } = site
  const offer = (text: string, weight: number): Proposal =>
    replaceExpression(site, text, text.startsWith('-') ? precedence.unary : precedence.primary, {
      variant: node.type === 'BooleanLiteral' ? 'flip' : 'value',
      weight,
      description: `use ${text} instead of ${context.tree.textOf(site)}`,
    })
  if (node.type === 'BooleanLiteral') {
    yield offer(node.value ? 'false' : 'true', isDefault(site) ? 0.8 : 0.45)
    yield offer('undefined', 0.03)
    yield offer('null', 0.03)
  } else if (node.type === 'NumericLiteral') {
    const { value } = node
    const near = new Map<number, number>([
      [value + 1, 0.3],
      [value - 1, 0.3],
      [0, 0.15],
      [1, 0.15],
      [-1, 0.1],
      [value * 10, 0.03],
      [Math.trunc(value / 10), 0.03],
      [value * 1_000, 0.02],
    ])
    for (const number of context.vocabulary.numbers) if (!near.has(number)) near.set(number, 0.06)
    near.delete(value)
    for (const [number, weight] of near) {
      if (Number.isSafeInteger(number))
        yield offer(String(number), isTiny(number, value) ? weight : weight * 0.3)
    }
    yield offer('Infinity', 0.05)
  } else if (node.type === 'NullLiteral' || (node.type === 'Identifier' && node.name === 'undefined')) {
    const { style } = context
    for (const [text, weight] of [
      ['null', 0.12],
      ['undefined', 0.15],
      ['false', 0.1],
      ['true', 0.05],
      [style.quote.repeat(2), 0.12],
      ['0', 0.08],
      ['[]', 0.08],
      ['{}', 0.08],
    ] as const) {
      if (text !== context.tree.textOf(site)) yield offer(text, weight)
    }
  } else if (isSite(site, 'StringLiteral') && site.node.value === '') {
    for (const [text, weight] of [
      ['undefined', 0.08],
      ['null', 0.08],
      [`${context.style.quote} ${context.style.quote}`, 0.05],
    ] as const) {
      yield offer(text, weight)
    }
    yield* readInstead(site, context)
  }
}

/** An empty string as a fallback often stands for something that could be read. */
function* readInstead(site: Site, context: FileContext): Iterable<Proposal> {
  for (const [rank, ingredient] of context.ingredientsAt(site).entries()) {
    if (rank >= 8) return
    if (ingredient.shape === 'function') continue
    yield replaceExpression(site, ingredient.text, precedence.call, {
      variant: 'read',
      weight: (0.15 * ingredient.relevance) / (1 + rank * 0.2),
      description: `use ${ingredient.text} instead of an empty string`,
    })
  }
}

/** What a variable starts with, or what an empty container is. */
function* initialValue(site: Site, context: FileContext): Iterable<Proposal> {
  if (
    !isSite(site.parent, 'VariableDeclarator', 'AssignmentExpression', 'AssignmentPattern', 'ObjectProperty')
  )
    return
  const { node } = site
  const empty =
    (node.type === 'ObjectExpression' && node.properties.length === 0) ||
    (node.type === 'ArrayExpression' && node.elements.length === 0)
  if (!empty) return
  const isObject = node.type === 'ObjectExpression'
  for (const [text, weight] of isObject
    ? ([
        ['Object.create(null)', 0.2],
        ['{ __proto__: null }', 0.12],
        ['[]', 0.15],
        ['null', 0.08],
        ['undefined', 0.08],
      ] as const)
    : ([
        ['{}', 0.15],
        ['null', 0.08],
        ['undefined', 0.08],
      ] as const)) {
    yield replaceExpression(site, text, precedence.call, {
      variant: 'initial',
      weight,
      description: `start with ${text} instead of ${context.tree.textOf(site)}`,
    })
  }
}

function isDefault(site: Site): boolean {
  return isSite(site.parent, 'ObjectProperty', 'AssignmentPattern', 'ClassProperty', 'AssignmentExpression')
}

function isTiny(number: number, value: number): boolean {
  return Math.abs(number - value) <= 2 || Math.abs(number) <= 10
}
