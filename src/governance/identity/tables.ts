import type { CreatedAt, JsonColumn } from '../../store/index.ts'
import type { KeyLimits, KeyPlaces } from './task-keys.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    mandates: MandatesTable
    trusted_repositories: TrustedRepositoriesTable
    task_keys: TaskKeysTable
  }
}

/** For whom a run acts. */
interface MandatesTable {
  tenant_id: string
  run_id: string
  project_id: string
  /** The person who asked. */
  principal_id: string
  repository: string | null
  opened_at: CreatedAt
  /** When it ends by itself; null for that of a run. */
  ends_at: Date | null
  closed_at: Date | null
}

interface TrustedRepositoriesTable {
  tenant_id: string
  location: string
  /** Who vouched for it. */
  principal_id: string
  reason: string
  created_at: CreatedAt
}

interface TaskKeysTable {
  tenant_id: string
  id: string
  /** SHA-256 of the key, in hexadecimal; the key itself is nowhere. */
  hash: string
  run_id: string
  step_id: string
  attempt: number
  /** Who uses the key, and for whom. */
  principal_id: string
  principal_kind: 'person' | 'agent' | 'service'
  on_behalf_of: string | null
  models: string[]
  limits: JsonColumn<KeyLimits>
  places: JsonColumn<KeyPlaces>
  issued_at: CreatedAt
  expires_at: Date
  revoked_at: Date | null
}
