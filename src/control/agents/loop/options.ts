import type { ModelClient } from '../../../contracts/index.ts'
import type { ModelAgent } from '../agent-file.ts'
import type { AgentUsage } from '../breakers/index.ts'
import type { AgentBrief } from './brief.ts'
import type { AgentTurnEvent } from './outcome.ts'
import type { AgentActs, AgentTool } from './ports.ts'

export interface RunAgentOptions {
  readonly agent: ModelAgent
  readonly brief: AgentBrief
  /** All tools there are; the agent gets those that its file grants. */
  readonly tools: readonly AgentTool[]
  readonly model: ModelClient
  readonly acts: AgentActs
  /** Prefix of the keys of all that is asked and done; the same for every attempt of the same work. */
  readonly key: string
  readonly signal: AbortSignal
  /** Git tree to begin with; absent for agents without a workspace. */
  readonly tree?: string
  /** What earlier tiers of the same work used; it counts against the limits. */
  readonly usedBefore?: AgentUsage
  /** Answers of people, by the id of the question. */
  readonly replies?: Readonly<Record<string, string>>
  readonly onTurn?: (event: AgentTurnEvent) => void
}
