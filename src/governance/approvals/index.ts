export { createApprovals } from './approvals.ts'
export type {
  Approvals,
  ApprovalsOptions,
  ApprovalState,
  AskForApproval,
  DecideApproval,
} from './approvals.ts'
export { approvalErrors } from './errors.ts'
export { authorLineage } from './lineage.ts'
export { approvalMigrations } from './migrations.ts'
export { digestOfSubject } from './subject.ts'
export type {
  ApprovalDecision,
  ApprovalRequest,
  ApprovalStatus,
  ApprovalSubject,
  ApprovalVerdict,
} from './subject.ts'
