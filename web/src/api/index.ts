export { describeFailure, statusOf } from './failure.ts'
export type { Failure } from './failure.ts'
export { createQueryClient } from './query-client.ts'
