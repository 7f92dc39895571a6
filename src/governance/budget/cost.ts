import type { Cost } from '../../contracts/index.ts'
import { budgetErrors } from './errors.ts'

/** From the widest to the narrowest, which is also the order in which accounts are locked. */
export const budgetLevels = ['tenant', 'project', 'run', 'step'] as const
/**
 * `person` is charged nothing: its limits are what the account of somebody's use of models begins each day with, see
 * `identity/model-use.ts`.
 */
export type BudgetLevel = (typeof budgetLevels)[number] | 'person'

/** What budgets count, and the column of each. */
export const costUnits = [
  { unit: 'money', column: 'money' },
  { unit: 'tokens', column: 'tokens' },
  { unit: 'toolCalls', column: 'tool_calls' },
  { unit: 'seconds', column: 'seconds' },
] as const satisfies readonly { unit: keyof Cost; column: string }[]

export type CostUnit = keyof Cost

export const noCost: Cost = { money: 0, tokens: 0, toolCalls: 0, seconds: 0 }

/** Of each unit what `combine` makes of it. */
export function combineCosts(one: Cost, other: Cost, combine: (one: number, other: number) => number): Cost {
  return {
    money: combine(one.money, other.money),
    tokens: combine(one.tokens, other.tokens),
    toolCalls: combine(one.toolCalls, other.toolCalls),
    seconds: combine(one.seconds, other.seconds),
  }
}

/** Amounts in the order of {@link costUnits}. */
export function costFromAmounts([
  money = 0,
  tokens = 0,
  toolCalls = 0,
  seconds = 0,
]: readonly number[]): Cost {
  return { money, tokens, toolCalls, seconds }
}

/** Whether there is as much of every unit. */
export function fitsInto(cost: Cost, room: Cost): boolean {
  return costUnits.every(({ unit }) => cost[unit] <= room[unit])
}

/** @throws ATL_BUDGET_AMOUNT_INVALID */
export function checkCost(cost: Cost): Cost {
  for (const { unit } of costUnits) {
    if (!Number.isSafeInteger(cost[unit]) || cost[unit] < 0) {
      throw budgetErrors.AMOUNT_INVALID({ detail: `${unit} is ${cost[unit]}` })
    }
  }
  return cost
}

/**
 * What a process that died in the middle of an act must be presumed to have used: all the money and tokens that it had
 * reserved, because nobody can tell, and the time until it was missed, at most what was reserved.
 */
export function presumedCost(reserved: Cost, elapsedMs: number): Cost {
  return {
    money: reserved.money,
    tokens: reserved.tokens,
    toolCalls: reserved.toolCalls,
    seconds: Math.min(reserved.seconds, Math.max(0, Math.ceil(elapsedMs / 1000))),
  }
}
