import type { Escalation } from '../../../contracts/index.ts'
import type { Digest, ErrorReport } from '../../../kernel/index.ts'
import type { AgentLimit, AgentUsage, BreakerName } from '../breakers/index.ts'
import type { PersonQuestion } from './own-calls.ts'
import type { JsonValue } from './ports.ts'
import type { Nudge } from './state.ts'

/** How an agent's work ended. Only `completed` has a result: the agent called `finish`, and the result is valid. */
export type AgentEnd =
  | { readonly kind: 'completed'; readonly result: JsonValue }
  /** A limit is used up: one of the agent file, of the run's budget, or of what a request can hold. */
  | { readonly kind: 'capped'; readonly limit: AgentLimit | 'budget' | 'context'; readonly reason: string }
  /** A breaker has stopped it. */
  | { readonly kind: 'stuck'; readonly breaker: BreakerName; readonly reason: string }
  /** Run the agent again with the reply, and it goes on from here. */
  | { readonly kind: 'asks-person'; readonly question: PersonQuestion }
  /** The model could not be asked, and asking again will not help. */
  | { readonly kind: 'failed'; readonly error: ErrorReport }

/** JSON throughout, so that a step can store it. */
export type AgentOutcome = AgentEnd & {
  readonly agent: { readonly name: string; readonly version: number; readonly digest: Digest }
  readonly route: string
  /** Tree that the agent leaves; empty without a workspace. */
  readonly tree: string
  readonly used: AgentUsage
  readonly nudges: readonly Nudge[]
  /** The ten-second table. */
  readonly escalation: Escalation
}

/** One turn, for whoever watches and for the evidence. */
export interface AgentTurnEvent {
  /** Counts from 1. */
  readonly turn: number
  readonly model: string
  readonly calls: readonly { readonly tool: string; readonly subject: string; readonly failed: boolean }[]
  readonly nudges: readonly string[]
  readonly used: AgentUsage
  readonly tree: string
  /** Of what was asked, answered and found, so that the record of the acts can be compared. */
  readonly digests: { readonly request: Digest; readonly answer: Digest; readonly results: Digest }
}
