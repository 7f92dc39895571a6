import type { ColumnType } from 'kysely'
import type { CreatedAt } from '../../store/index.ts'
import type { AuditOutcome } from './record.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    audit_log: AuditLogTable
    audit_heads: AuditHeadsTable
    audit_checkpoints: AuditCheckpointsTable
  }
}

/** Written by the database function `audit_append` alone. */
type Derived<T> = ColumnType<T, never, never>

/** The chain itself is `seq`, `entry`, `hash` and `record`; the other columns are generated from `record` for queries. */
interface AuditLogTable {
  tenant_id: Derived<string>
  seq: Derived<number>
  entry: Derived<string>
  hash: Derived<string>
  record: Derived<string>
  run_id: Derived<string | null>
  principal_id: Derived<string>
  action: Derived<string>
  outcome: Derived<AuditOutcome>
}

interface AuditHeadsTable {
  tenant_id: Derived<string>
  seq: Derived<number>
  hash: Derived<string>
}

interface AuditCheckpointsTable {
  tenant_id: string
  seq: number
  hash: string
  time: string
  key_id: string
  signature: string
  created_at: CreatedAt
}
