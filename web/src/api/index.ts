export { studio } from './client.ts'
export type {
  Act,
  Answer,
  Change,
  Comment,
  Decision,
  InboxItem,
  Preview,
  Run,
  RunEvent,
  RunReport,
  RunSummary,
  Span,
  Step,
  Submission,
  TestComparison,
  TestReport,
} from './client.ts'
export { describeFailure, mayHaveArrived, statusOf } from './failure.ts'
export { createIdempotencyKey } from './idempotency-key.ts'
export { useLiveLists } from './live-lists.ts'
export {
  actsQuery,
  approvalQuery,
  changeQuery,
  commentsQuery,
  inboxQuery,
  meQuery,
  previewQuery,
  runQuery,
  runsQuery,
  stepQuery,
  testsQuery,
  traceQuery,
} from './queries.ts'
export type { RunFilter } from './queries.ts'
export { rightsQuery, useMay, useRights } from './rights.ts'
export type { Need, ProjectRight, TenantRight } from './rights.ts'
export { listProviders, signInAddress, signOut } from './sign-in.ts'
export { createQueryClient } from './query-client.ts'
export { useRunEvents } from './run-events.ts'
export type { RunEvents } from './run-events.ts'
