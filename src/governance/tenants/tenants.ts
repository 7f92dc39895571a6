import { sql } from 'kysely'
import type { Caller, Principal } from '../../contracts/index.ts'
import type { Clock, PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Database, Scope, TenantQuotas, Tx } from '../../store/index.ts'
import { createSignInLink } from '../credentials/index.ts'
import type { Administration } from '../door/index.ts'
import { readUsage, seedTenant, seededIdentities, tenantErrors } from '../identity/index.ts'
import { deleteTenant } from './deletion.ts'
import type { DeletionParts, DeletionProof } from './deletion.ts'
import { exportTenant } from './export.ts'

interface TenantSummary {
  readonly id: TenantId
  readonly name: string
  readonly state: 'active' | 'suspended'
  readonly quotas: TenantQuotas
  readonly createdAt: Date
}

interface TenantView extends TenantSummary {
  readonly usage: Record<keyof TenantQuotas, number>
}

/** The tenants of the installation, for the people who run it: owners of its own tenant. */
export interface Tenants {
  /**
   * Makes a tenant with what it needs, and a code by which its first owner signs in once.
   * @throws ATL_TENANT_EXISTS, ATL_TENANT_ID_INVALID, ATL_DOOR_DENIED
   */
  create(
    caller: Caller,
    tenant: { readonly id: string; readonly name: string; readonly quotas?: TenantQuotas | undefined },
  ): Promise<{ readonly tenant: TenantView; readonly code: string }>
  list(
    caller: Caller,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ readonly items: readonly TenantSummary[]; readonly next: string | null }>
  /** @throws ATL_TENANT_UNKNOWN */
  get(caller: Caller, id: TenantId): Promise<TenantView>
  /** Quotas are replaced as a whole. @throws ATL_TENANT_UNKNOWN, ATL_TENANT_PROTECTED */
  change(
    caller: Caller,
    id: TenantId,
    change: {
      readonly name?: string | undefined
      readonly quotas?: TenantQuotas | undefined
      readonly state?: TenantSummary['state'] | undefined
    },
  ): Promise<TenantView>
  /** Everything of the tenant, as JSON Lines. @throws ATL_TENANT_UNKNOWN */
  export(caller: Caller, id: TenantId, write: (line: string) => Promise<void>): Promise<void>
  /**
   * Deletes a suspended tenant for good.
   * @throws ATL_TENANT_UNKNOWN, ATL_TENANT_NOT_SUSPENDED, ATL_TENANT_BUSY, ATL_TENANT_PROTECTED
   */
  delete(caller: Caller, id: TenantId): Promise<DeletionProof>
}

export interface TenantServices extends DeletionParts {
  readonly database: Database
  readonly clock: Clock
  readonly administration: Administration
  /** What else a new tenant needs, such as the shipped agents. */
  readonly prepare: (tenantId: TenantId) => Promise<void>
  /** Keeps the proof where the deletion of a tenant cannot reach it. */
  readonly keepProof: (proof: DeletionProof) => Promise<void>
}

const installation = seededIdentities.tenant
const idForm = /^[a-z][a-z0-9-]{1,62}$/

export function createTenants(services: TenantServices): Tenants {
  const { database } = services
  const get = async (id: TenantId): Promise<TenantView> => ({
    ...(await readTenant(database, id)),
    usage: await database.transaction(scopeOf(id), (tx) => readUsage(tx, id)),
  })
  const manage = <T>(
    caller: Caller,
    detail: Readonly<Record<string, unknown>>,
    work: (actor: Principal) => Promise<T>,
  ): Promise<T> => authoriseManaging(services.administration, caller, detail, work)

  return {
    create: (caller, { id, name, quotas = {} }) =>
      manage(caller, { tenant: id, created: true }, async () => {
        if (!idForm.test(id)) throw tenantErrors.ID_INVALID({ detail: id.slice(0, 80) })
        const tenantId = id as TenantId
        const inserted = await system(database, (tx) =>
          tx
            .insertInto('tenants')
            .values({ id, name, quotas: JSON.stringify(quotas) })
            .onConflict((conflict) => conflict.doNothing())
            .returning('id')
            .executeTakeFirst(),
        )
        if (inserted === undefined) throw tenantErrors.EXISTS({ detail: id })
        const scope = scopeOf(tenantId)
        await seedTenant(database, tenantId)
        await services.prepare(tenantId)
        const code = await database.transaction(scope, (tx) =>
          createSignInLink(tx, tenantId, seededIdentities.owner),
        )
        return { tenant: await get(tenantId), code }
      }),
    list: (caller, { limit, after = '' }) =>
      manage(caller, {}, async () => {
        const rows = await system(database, (tx) =>
          tx
            .selectFrom('tenants')
            .select(columns)
            .where('id', '>', after)
            .orderBy('id')
            .limit(limit + 1)
            .execute(),
        )
        const items = rows.slice(0, limit).map(view)
        return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null }
      }),
    get: (caller, id) => manage(caller, { tenant: id }, () => get(id)),
    change: (caller, id, { name, quotas, state }) =>
      manage(caller, { tenant: id, name, quotas, state }, async () => {
        if (id === installation && state === 'suspended') throw tenantErrors.PROTECTED({ detail: id })
        await system(database, (tx) =>
          tx
            .updateTable('tenants')
            .set({
              // Something has to be set for the statement to be one.
              name: name ?? sql<string>`name`,
              ...(quotas && { quotas: JSON.stringify(quotas) }),
              ...(state && { state }),
            })
            .where('id', '=', id)
            .execute(),
        )
        return get(id)
      }),
    export: (caller, id, write) =>
      manage(caller, { tenant: id, exported: true }, async () => {
        await readTenant(database, id)
        await exportTenant(services, scopeOf(id), write)
      }),
    delete: (caller, id) =>
      manage(caller, { tenant: id, deleted: true }, async (actor) => {
        if (id === installation) throw tenantErrors.PROTECTED({ detail: id })
        const proof = await deleteTenant(services, id, actor.id)
        await services.keepProof(proof)
        return proof
      }),
  }
}

/** Asked about and recorded in the installation's own tenant. */
async function authoriseManaging<T>(
  administration: Administration,
  { principal, via, credentialId }: Caller,
  detail: Readonly<Record<string, unknown>>,
  work: (actor: Principal) => Promise<T>,
): Promise<T> {
  let actor: Principal | undefined
  await administration.authorise(
    {
      principal,
      tenantId: principal.tenantId,
      intention: { action: 'manage-tenants', resource: { kind: 'installation', tenantId: installation } },
      runId: null,
      detail: { ...detail, via, ...(credentialId !== null && { credentialId }) },
    },
    (_tx, found) => {
      actor = found
      return Promise.resolve()
    },
  )
  if (actor === undefined) throw new Error('an authorised change has nobody who makes it')
  // What concerns another tenant is done in transactions of that tenant, after the decision is on record.
  return work(actor)
}

function system<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  return database.transaction({ kind: 'system' }, work)
}

/** The tenant's own owner, in whose name the installation looks after it. */
function scopeOf(tenantId: TenantId): Extract<Scope, { kind: 'tenant' }> {
  return { kind: 'tenant', tenantId, principalId: seededIdentities.owner as PrincipalId }
}

const columns = ['id', 'name', 'state', 'quotas', 'created_at'] as const

async function readTenant(database: Database, id: TenantId): Promise<TenantSummary> {
  const row = await system(database, (tx) =>
    tx.selectFrom('tenants').select(columns).where('id', '=', id).executeTakeFirst(),
  )
  if (row === undefined) throw tenantErrors.UNKNOWN({ detail: id })
  return view(row)
}

function view(row: {
  readonly id: string
  readonly name: string
  readonly state: TenantSummary['state']
  readonly quotas: TenantQuotas
  readonly created_at: Date
}): TenantSummary {
  return {
    id: row.id as TenantId,
    name: row.name,
    state: row.state,
    quotas: row.quotas,
    createdAt: row.created_at,
  }
}
