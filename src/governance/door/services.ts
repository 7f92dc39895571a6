import type { Clock } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import type { Approvals } from '../approvals/index.ts'
import type { AuditLog } from '../audit/index.ts'
import type { Ledger } from '../budget/index.ts'
import type { PolicyEngine } from '../policy/index.ts'

/** What the door stands on. */
export interface DoorServices {
  readonly database: Database
  readonly clock: Clock
  readonly policy: PolicyEngine
  readonly audit: AuditLog
  readonly ledger: Ledger
  readonly approvals: Approvals
}
