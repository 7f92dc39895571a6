import type { CreatedAt, JsonColumn } from '../../store/index.ts'
import type { ApprovalStatus, ApprovalSubject, ApprovalVerdict } from './subject.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    approval_requests: ApprovalRequestsTable
    approval_decisions: ApprovalDecisionsTable
  }
}

interface ApprovalRequestsTable {
  tenant_id: string
  id: string
  run_id: string
  project_id: string
  step_id: string
  subject: JsonColumn<ApprovalSubject>
  subject_digest: string
  /** What people were asked, for the record. */
  question: JsonColumn<Record<string, unknown>>
  /** How many different people have to approve. */
  needed: number
  /** Who asked. */
  principal_id: string
  status: ApprovalStatus
  status_reason: string | null
  requested_at: Date
  expires_at: Date
  decided_at: Date | null
}

/** Append-only. */
interface ApprovalDecisionsTable {
  tenant_id: string
  request_id: string
  principal_id: string
  verdict: ApprovalVerdict
  reason: string
  subject_digest: string
  decided_at: Date
  created_at: CreatedAt
}
