import type { Selectable } from 'kysely'
import type { JsonColumn } from '../../store/index.ts'
import type { Rehearsal } from './rehearsal.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    own_policy_versions: OwnPolicyVersionsTable
  }
}

/**
 * `draft`: at most one by name. `in-force`: at most one by name. `superseded`: was in force until another version was.
 * `rejected`: somebody decided against it.
 */
export type OwnPolicyState = 'draft' | 'in-force' | 'superseded' | 'rejected'

export interface OwnPolicyVersionsTable {
  tenant_id: string
  name: string
  /** From 1, by name. */
  version: number
  state: OwnPolicyState
  /** Cedar policies; a version without any takes those before it back. */
  text: string
  /** Their tests, in YAML; may be empty. */
  tests: string
  /** Over name, text and tests. */
  digest: string
  /** Everybody who wrote at it. */
  authors: string[]
  rehearsal: JsonColumn<Rehearsal> | null
  decided_by: string | null
  reason: string | null
  created_at: Date
  changed_at: Date
  decided_at: Date | null
}

/** As it is read. */
export type OwnPolicyRow = Selectable<OwnPolicyVersionsTable>
