export { createApprovals } from './approvals.ts'
export type { Approvals, ApprovalState, DecideApproval } from './approvals.ts'

export { approvalErrors } from './errors.ts'
export { approvalMigrations } from './migrations.ts'
export { digestOfSubject } from './subject.ts'
export type { ApprovalRequest, ApprovalSubject } from './subject.ts'
