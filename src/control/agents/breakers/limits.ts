import { fine, type Verdict } from './breaker.ts'

/** What an agent has used, counted from the record. */
export interface AgentUsage {
  readonly tokens: number
  /** Millionths of the currency, of the answers whose price is known. */
  readonly money: number
  /** Answers whose price is unknown. */
  readonly unpriced: number
  readonly milliseconds: number
  /** Calls of tools, also malformed and refused ones. */
  readonly toolCalls: number
  /** Answers of the model. */
  readonly steps: number
}

export interface AgentLimits {
  readonly tokens: number
  readonly money: number
  readonly seconds: number
  readonly toolCalls: number
  readonly steps: number
}

export type AgentLimit = keyof AgentLimits

export const nothingUsed: AgentUsage = {
  tokens: 0,
  money: 0,
  unpriced: 0,
  milliseconds: 0,
  toolCalls: 0,
  steps: 0,
}

function shares(used: AgentUsage, limits: AgentLimits): [limit: AgentLimit, used: number, of: number][] {
  return [
    ['tokens', used.tokens, limits.tokens],
    ['money', used.money, limits.money],
    ['seconds', used.milliseconds / 1000, limits.seconds],
    ['toolCalls', used.toolCalls, limits.toolCalls],
    ['steps', used.steps, limits.steps],
  ]
}

/** The first limit that is used up; nothing may be begun then. A limit of zero forbids what it counts. */
export function reachedLimit(used: AgentUsage, limits: AgentLimits): AgentLimit | undefined {
  // Money is looked at once some was asked for: models on one's own machine cost none.
  return shares(used, limits).find(
    ([limit, amount, of]) => amount >= of && (limit !== 'money' || amount > 0),
  )?.[0]
}

/** Tells the model when four fifths of a limit are used, so that it ends in good order. */
export function nearLimit(used: AgentUsage, limits: AgentLimits): Verdict {
  const near = shares(used, limits).find(([, amount, of]) => of > 0 && amount >= of * 0.8)
  if (near === undefined) return fine
  const [limit, amount, of] = near
  return {
    kind: 'nudge',
    text: `${Math.round((amount / of) * 100)} % of the limit of ${limit} is used. Bring what you have into a sound state and call finish.`,
  }
}
