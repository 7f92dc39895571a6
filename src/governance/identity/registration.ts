import { sql } from 'kysely'
import type { Principal, ProjectRoles, Role } from '../../contracts/index.ts'
import { defaultProject } from '../../kernel/index.ts'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import { rolesColumns } from './roles.ts'

/** Who and what exists when a studio is used for the first time. */
export const seededIdentities = {
  tenant: 'default' as TenantId,
  project: defaultProject,
  /** May approve; never asks for work by default, so that what others ask for can be approved. */
  owner: 'person:owner' as PrincipalId,
  /** Asks for work. */
  reporter: 'person:reporter' as PrincipalId,
  /** Prepares, checks and publishes. */
  studio: 'service:studio' as PrincipalId,
  zeroTokenEngineer: 'agent:zero-token-engineer' as PrincipalId,
} as const

export interface Registration {
  readonly id: PrincipalId
  readonly kind: Principal['kind']
  readonly name: string
  readonly roles: readonly Role[]
}

const seeds: readonly Registration[] = [
  { id: seededIdentities.owner, kind: 'person', name: 'Owner', roles: ['owner', 'approver'] },
  { id: seededIdentities.studio, kind: 'service', name: 'Studio', roles: [] },
  { id: seededIdentities.zeroTokenEngineer, kind: 'agent', name: 'Zero-token engineer', roles: [] },
]

/** Who asks for work on a machine where nobody signs in. */
const reporter: Registration = {
  id: seededIdentities.reporter,
  kind: 'person',
  name: 'Reporter',
  roles: ['engineer'],
}

/** Creates the first tenant, project and principals where they are missing. Safe to call at every start. */
export async function seedIdentities(database: Database): Promise<void> {
  const { tenant } = seededIdentities
  await database.transaction({ kind: 'system' }, (tx) =>
    tx
      .insertInto('tenants')
      .values({ id: tenant, name: 'Default' })
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  )
  await seedTenant(database, tenant)
  const scope = { kind: 'tenant', tenantId: tenant, principalId: seededIdentities.owner } as const
  await database.transaction(scope, (tx) => registerPrincipal(tx, tenant, reporter))
}

/** Creates the first project and principals of a tenant where they are missing. */
export async function seedTenant(database: Database, tenantId: TenantId): Promise<void> {
  const { project, owner } = seededIdentities
  await database.transaction({ kind: 'tenant', tenantId, principalId: owner }, async (tx) => {
    for (const registration of seeds) await registerPrincipal(tx, tenantId, registration)
    await tx
      .insertInto('projects')
      .values({ tenant_id: tenantId, id: project, principal_id: owner, name: 'Default', settings: '{}' })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
}

/** Registers a principal where it is missing; one that is there keeps its kind and roles. */
export async function registerPrincipal(
  tx: Tx,
  tenantId: TenantId,
  { id, kind, name, roles }: Registration,
): Promise<void> {
  const inserted = await tx
    .insertInto('principals')
    .values({ tenant_id: tenantId, id, kind, name })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted === undefined || roles.length === 0) return
  await tx
    .insertInto('principal_roles')
    .values(roles.map((role) => ({ tenant_id: tenantId, principal_id: id, role })))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** A registered principal with its roles, as it may claim to be; undefined when the tenant has none of this id. */
export async function findPrincipal(
  tx: Tx,
  tenantId: TenantId,
  id: PrincipalId,
): Promise<Principal | undefined> {
  const { rows } = await sql<{
    kind: Principal['kind']
    on_behalf_of: PrincipalId | null
    roles: Role[]
    project_roles: ProjectRoles
  }>`select kind, on_behalf_of, ${sql.raw(rolesColumns('principals.tenant_id', 'principals.id'))}
       from principals where tenant_id = ${tenantId} and id = ${id}`.execute(tx)
  const [row] = rows
  if (row === undefined) return undefined
  return {
    kind: row.kind,
    id,
    tenantId,
    roles: row.roles,
    ...(Object.keys(row.project_roles).length > 0 && { projectRoles: row.project_roles }),
    onBehalfOf: row.on_behalf_of ?? undefined,
  }
}
