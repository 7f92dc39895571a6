import type { CreatedAt } from '../../store/index.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    mandates: MandatesTable
    trusted_repositories: TrustedRepositoriesTable
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
