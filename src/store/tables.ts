import type { ColumnType, Generated, GeneratedAlways } from 'kysely'

/**
 * All tables of the studio. Each plane adds its own beside its migrations:
 * `declare module '../store/tables.ts' { interface Tables { runs: RunsTable } }`.
 */
export interface Tables {
  tenants: TenantsTable
  projects: ProjectsTable
  principals: PrincipalsTable
  principal_roles: PrincipalRolesTable
  project_roles: ProjectRolesTable
  work_items: WorkItemsTable
  blobs: BlobsTable
}

/** Set by the database when the row is inserted, never changed. */
export type CreatedAt = ColumnType<Date, undefined, never>
/** A `jsonb` column: read as a value of this shape, written as its JSON text. */
export type JsonColumn<T> = ColumnType<T, string, string>

export interface TenantsTable {
  id: string
  name: string
  /** Nobody signs in to a suspended tenant, and nothing is done in its name. */
  state: Generated<'active' | 'suspended'>
  /** What the tenant may use; without a limit where a member is absent. */
  quotas: ColumnType<TenantQuotas, string | undefined, string>
  created_at: CreatedAt
}

export interface TenantQuotas {
  /** Runs whose mandate is open at the same time. */
  readonly runs?: number | undefined
  /** Bytes of stored content. */
  readonly storageBytes?: number | undefined
  /** People who are not disabled. */
  readonly people?: number | undefined
}

export interface ProjectsTable {
  tenant_id: string
  id: string
  principal_id: string
  name: string
  settings: JsonColumn<Record<string, unknown>>
  created_at: CreatedAt
}

export interface PrincipalsTable {
  tenant_id: string
  id: string
  kind: 'person' | 'agent' | 'service'
  name: string
  on_behalf_of: string | null
  disabled: Generated<boolean>
  created_at: CreatedAt
}

export interface PrincipalRolesTable {
  tenant_id: string
  principal_id: string
  role: string
  /** A person gave it, or a group of the identity provider brings it. */
  source: Generated<'given' | 'group'>
}

export interface ProjectRolesTable extends PrincipalRolesTable {
  project_id: string
}

export interface WorkItemsTable {
  tenant_id: string
  id: string
  /** Who asked. */
  principal_id: string
  project_id: string | null
  title: string
  body: string
  source: string
  repository: JsonColumn<{ location: string; revision?: string }>
  /** Of the repository. */
  location: GeneratedAlways<string>
  /** The run that works on it, which has the same id but for the prefix. */
  run_id: GeneratedAlways<string>
  test_command: string | null
  created_at: CreatedAt
}

export interface BlobsTable {
  tenant_id: string
  /** `sha256:` and the digest of the content; checked by the database. */
  digest: string
  media_type: string
  content: Buffer
  created_at: CreatedAt
}
