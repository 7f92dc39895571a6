import { sql } from 'kysely'
import type { TenantId } from '../../kernel/index.ts'
import type { TenantQuotas, Tx } from '../../store/index.ts'
import { tenantErrors } from './errors.ts'

/** What a tenant uses of each quota, counted now. */
const usage: Readonly<
  Record<keyof TenantQuotas, (tenantId: TenantId) => ReturnType<typeof sql<{ used: number }>>>
> = {
  runs: (tenantId) =>
    sql`select count(*)::float8 as used from mandates
         where tenant_id = ${tenantId} and closed_at is null and ends_at is null`,
  // The length of stored content is known without reading it.
  storageBytes: (tenantId) =>
    sql`select coalesce(sum(octet_length(content)), 0)::float8 as used from blobs where tenant_id = ${tenantId}`,
  people: (tenantId) =>
    sql`select count(*)::float8 as used from principals
         where tenant_id = ${tenantId} and kind = 'person' and not disabled`,
}

/**
 * Makes sure that the tenant may have `more` of something. Whoever asks for the same at the same time waits until this
 * transaction has ended, so that together they do not pass the limit either.
 * @throws ATL_TENANT_QUOTA_EXCEEDED
 */
export async function assertQuota(
  tx: Tx,
  tenantId: TenantId,
  quota: keyof TenantQuotas,
  more = 1,
): Promise<void> {
  const row = await tx.selectFrom('tenants').select('quotas').where('id', '=', tenantId).executeTakeFirst()
  const limit = row?.quotas[quota]
  if (limit === undefined) return
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${quota} of ${tenantId}`}, 0))`.execute(tx)
  const { rows } = await usage[quota](tenantId).execute(tx)
  const used = rows[0]?.used ?? 0
  if (used + more > limit)
    throw tenantErrors.QUOTA_EXCEEDED({
      detail: `${quota}: ${used} of ${limit}`,
      details: { quota, used, limit },
    })
}

/** What a tenant uses now. */
export async function readUsage(tx: Tx, tenantId: TenantId): Promise<Record<keyof TenantQuotas, number>> {
  const used = async (quota: keyof TenantQuotas): Promise<number> =>
    (await usage[quota](tenantId).execute(tx)).rows[0]?.used ?? 0
  return { runs: await used('runs'), storageBytes: await used('storageBytes'), people: await used('people') }
}
