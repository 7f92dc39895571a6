import {
  breakers,
  nearLimit,
  type AgentLimits,
  type BreakerLimits,
  type BreakerName,
} from '../breakers/index.ts'
import type { AgentState, Nudge } from './state.ts'

export interface Judgement {
  readonly stop?: { readonly breaker: BreakerName; readonly reason: string }
  readonly nudges: readonly Nudge[]
}

/** A breaker that has nudged waits so many turns before it does again. */
const turnsBetweenNudges = 4

/** Asks all breakers after a turn. The first that says stop decides. */
export function judge(state: AgentState, limits: BreakerLimits, most: AgentLimits): Judgement {
  const facts = state.turns.map((turn) => turn.facts)
  const turn = facts.length
  const nudges: Nudge[] = []
  const nudge = (by: string, text: string): void => {
    const last = state.nudges.findLast((earlier) => earlier.by === by)
    if (last === undefined || turn - last.turn >= turnsBetweenNudges) nudges.push({ turn, by, text })
  }
  for (const [name, breaker] of breakers) {
    const verdict = breaker(facts, limits)
    if (verdict.kind === 'stop') return { stop: { breaker: name, reason: verdict.reason }, nudges: [] }
    if (verdict.kind === 'nudge') nudge(name, verdict.text)
  }
  const near = nearLimit(state.used, most)
  if (near.kind === 'nudge') nudge('limits', near.text)
  return { nudges }
}
