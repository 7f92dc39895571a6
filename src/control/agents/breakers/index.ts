import type { Breaker, BreakerName } from './breaker.ts'
import { format } from './format.ts'
import { identical } from './identical.ts'
import { noProgress } from './no-progress.ts'
import { oscillation } from './oscillation.ts'
import { refusedTools } from './refused-tools.ts'
import { sameTest } from './same-test.ts'

export { breakerLimitsSchema } from './breaker.ts'
export type { BreakerLimits, BreakerName, TurnFacts } from './breaker.ts'
export { nearLimit, nothingUsed, reachedLimit } from './limits.ts'
export type { AgentLimit, AgentLimits, AgentUsage } from './limits.ts'
export { repeatsEndlessly, repetitionWatch } from './repetition.ts'

/** In the order in which they are asked: the one that says most about the cause comes first. */
export const breakers: readonly (readonly [BreakerName, Breaker])[] = [
  ['refused-tools', refusedTools],
  ['format', format],
  ['oscillation', oscillation],
  ['same-test', sameTest],
  ['identical', identical],
  ['no-progress', noProgress],
]
