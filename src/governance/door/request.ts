import type { Principal } from '../../contracts/index.ts'
import type { Logger, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { ApprovalSubject } from '../approvals/index.ts'
import type { Isolation } from '../policy/index.ts'

/** Who wants to use a tool, where, and within which bounds. */
export interface ActRequest {
  /** A claim: the door checks it and takes roles from what is registered. */
  readonly principal: Principal
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly runId: RunId
  readonly stepId: string
  /** The step's attempt, for the tool to know. */
  readonly attempt: number
  /** The same for every attempt of the same act: it is performed successfully once. Unique within the tenant. */
  readonly key: string
  /**
   * Nobody will ever ask for this key again, in no attempt and after no crash. Only such an act may be answered before it
   * is recorded; see docs/adr/0009-standing-admissions.md.
   */
  readonly unrepeatable?: true
  /** What is touched, as `kind:id`, for the record. */
  readonly resource: string
  readonly context: { readonly isolation: Isolation }
  /** Milliseconds that the act may take. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
  readonly logger: Logger
  /** Takes the tool's short words about what it is doing just now, secrets redacted. */
  readonly report: (message: string) => void
  /** Tools that whoever asks was granted, for agents: nothing else is performed, whatever policies say. */
  readonly grants?: readonly string[]
  /** What an external effect was approved as; the door looks the approval up and compares. */
  readonly approval?: { readonly subject: ApprovalSubject }
}
