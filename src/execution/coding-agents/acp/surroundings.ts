import type { AgentPlace } from '../agent-sandbox.ts'
import type { PermittedActs } from '../port.ts'
import type { ActGate } from './act-gate.ts'

/** What requests of an agent are answered with. */
export interface Surroundings {
  /** Name of the agent, for the record. */
  readonly agent: string
  readonly place: AgentPlace
  readonly acts: PermittedActs
  readonly gate: ActGate
  /** Aborted when the agent's time is over. */
  readonly signal: AbortSignal
}
