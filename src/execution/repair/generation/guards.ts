import { precedence } from '../syntax/index.ts'
import type { Ingredient } from './ingredients.ts'
import type { FileContext } from './template.ts'

/** A test of one expression. */
export interface Guard {
  readonly text: string
  readonly precedence: number
  /** 0 … 1, given that some guard over this expression is right. */
  readonly weight: number
}

/** Tests that hold when an expression has a value that can be worked with. */
export function presenceGuards(ingredient: Ingredient, context: FileContext): readonly Guard[] {
  const { text, shape } = ingredient
  const { unary, equality, call, primary } = precedence
  const name = ingredient.kind === 'name' ? primary : call
  if (shape === 'function') {
    return [{ text: `typeof ${text} === ${q('function', context)}`, precedence: equality, weight: 0.3 }]
  }
  const guards: Guard[] = [
    { text, precedence: name, weight: 0.5 },
    { text: `!${text}`, precedence: unary, weight: 0.25 },
  ]
  if (shape === 'boolean') {
    guards.push({ text: `${text} === true`, precedence: equality, weight: 0.15 })
    guards.push({ text: `${text} === false`, precedence: equality, weight: 0.06 })
    return guards
  }
  if (shape === 'number') {
    guards.push({ text: `${text} > 0`, precedence: precedence.relational, weight: 0.1 })
    guards.push({ text: `${text} >= 0`, precedence: precedence.relational, weight: 0.1 })
    guards.push({ text: `${text} !== -1`, precedence: equality, weight: 0.08 })
    return guards
  }
  guards.push({ text: `${text} !== null`, precedence: equality, weight: 0.12 })
  guards.push({ text: `${text} !== undefined`, precedence: equality, weight: 0.1 })
  if (shape !== 'array' && shape !== 'object') {
    guards.push({ text: `typeof ${text} === ${q('string', context)}`, precedence: equality, weight: 0.18 })
  }
  if (shape === 'unknown') {
    guards.push({ text: `${text} === true`, precedence: equality, weight: 0.1 })
    guards.push({ text: `typeof ${text} !== ${q('undefined', context)}`, precedence: equality, weight: 0.08 })
    guards.push({ text: `typeof ${text} === ${q('function', context)}`, precedence: equality, weight: 0.05 })
    guards.push({ text: `typeof ${text} === ${q('object', context)}`, precedence: equality, weight: 0.06 })
    guards.push({ text: `typeof ${text} === ${q('number', context)}`, precedence: equality, weight: 0.04 })
  }
  if (shape !== 'string') guards.push({ text: `Array.isArray(${text})`, precedence: call, weight: 0.08 })
  if (shape !== 'object')
    guards.push({ text: `${text}.length > 0`, precedence: precedence.relational, weight: 0.07 })
  return guards
}

/** Tests that hold when there is nothing to work with: reasons to leave early. */
export function absenceGuards(ingredient: Ingredient, context: FileContext): readonly Guard[] {
  const { text, shape } = ingredient
  const { unary, equality, or } = precedence
  const guards: Guard[] = [{ text: `!${text}`, precedence: unary, weight: 0.45 }]
  if (shape === 'boolean') {
    guards.push({ text: `${text} === false`, precedence: equality, weight: 0.1 })
    return guards
  }
  if (shape === 'number') {
    guards.push({ text: `${text} === 0`, precedence: equality, weight: 0.12 })
    guards.push({ text: `${text} < 0`, precedence: precedence.relational, weight: 0.12 })
    guards.push({ text: `${text} === -1`, precedence: equality, weight: 0.08 })
    return guards
  }
  const undefinedTest = `typeof ${text} === ${q('undefined', context)}`
  guards.push(
    { text: `${text} === null || ${undefinedTest}`, precedence: or, weight: 0.2 },
    { text: `${text} === undefined`, precedence: equality, weight: 0.15 },
    { text: `${text} === null`, precedence: equality, weight: 0.14 },
  )
  if (shape === 'array' || shape === 'string' || shape === 'unknown') {
    guards.push({ text: `!${text}.length`, precedence: unary, weight: 0.12 })
  }
  if (shape === 'object' || shape === 'unknown') {
    guards.push({ text: `!Object.keys(${text}).length`, precedence: unary, weight: 0.06 })
  }
  if (shape === 'unknown' || shape === 'string') {
    guards.push({ text: `typeof ${text} !== ${q('string', context)}`, precedence: equality, weight: 0.12 })
  }
  if (shape === 'unknown') {
    guards.push({ text: `typeof ${text} !== ${q('object', context)}`, precedence: equality, weight: 0.06 })
    guards.push({ text: `typeof ${text} !== ${q('function', context)}`, precedence: equality, weight: 0.06 })
    guards.push({ text: `!Array.isArray(${text})`, precedence: unary, weight: 0.06 })
  }
  return guards
}

/** Tests on options that the failing tests speak of, wherever a bag of options is at hand. */
export function optionGuards(bags: readonly Ingredient[], context: FileContext): readonly Guard[] {
  const guards: Guard[] = []
  for (const bag of bags) {
    context.project.wantedOptions.forEach((option, rank) => {
      const weight = 0.9 / (1 + rank * 0.25)
      const text = `${bag.text}.${option}`
      guards.push({ text, precedence: precedence.call, weight: weight * 0.5 })
      guards.push({ text: `${text} === true`, precedence: precedence.equality, weight: weight * 0.4 })
      guards.push({ text: `!${text}`, precedence: precedence.unary, weight: weight * 0.35 })
      guards.push({ text: `${text} !== true`, precedence: precedence.equality, weight: weight * 0.3 })
      guards.push({ text: `${text} === false`, precedence: precedence.equality, weight: weight * 0.15 })
    })
  }
  return guards
}

function q(value: string, context: FileContext): string {
  return `${context.style.quote}${value}${context.style.quote}`
}
