export { studio } from './client.ts'
export type {
  Answer,
  Me,
  Run,
  RunEvent,
  RunReport,
  RunStatus,
  RunSummary,
  Step,
  Submission,
} from './client.ts'
export { describeFailure, mayHaveArrived, statusOf } from './failure.ts'
export type { Failure } from './failure.ts'
export { meQuery, runQuery, runsQuery } from './queries.ts'
export type { RunFilter } from './queries.ts'
export { createQueryClient } from './query-client.ts'
export { useRunEvents } from './run-events.ts'
export type { RunEvents } from './run-events.ts'
