import type { Watch } from '../resilience/deadlines.ts'
import type { Answer } from '../upstreams/answer.ts'
import type { Connection } from '../upstreams/connections.ts'
import type { Target } from './plan.ts'

/** How one call gets to upstreams and back: translated through a provider's library, or relayed as it came. */
export interface Transport {
  /**
   * Makes one attempt. What it throws is judged by `failureOf`.
   * @throws the reason of the watch's signal when it is aborted.
   */
  send(connection: Connection, target: Target, watch: Watch): Promise<Answer>
  /** What arrived in the last attempt, also when it failed; undefined when nothing of an answer did. */
  arrived(): Answer | undefined
  /** Whether something of an answer went on to whoever asked, after which nobody else can be asked instead. */
  delivered(): boolean
}
