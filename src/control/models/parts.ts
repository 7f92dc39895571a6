import type { Door } from '../../governance/door/index.ts'
import type { Clock, Logger } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import type { AnswerCache } from './cache/answer-cache.ts'
import type { CallServices } from './calls/run-call.ts'
import type { ModelDirectory } from './model-directory.ts'
import type { CallLog } from './provenance/call-log.ts'
import type { RouteWeights } from './routes/weights.ts'

/** What every call of a gateway stands on. */
export interface GatewayParts {
  readonly door: Door
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  readonly directory: ModelDirectory
  readonly services: CallServices
  readonly cache: AnswerCache
  readonly weights: RouteWeights
  readonly log: CallLog
}
