import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'

/** Remembers that a person vouched for a repository, so that its code may run without a sandbox where policy allows. */
export async function trustRepository(
  tx: Tx,
  trust: {
    readonly tenantId: TenantId
    readonly location: string
    readonly by: PrincipalId
    readonly reason: string
  },
): Promise<void> {
  await tx
    .insertInto('trusted_repositories')
    .values({
      tenant_id: trust.tenantId,
      location: trust.location,
      principal_id: trust.by,
      reason: trust.reason,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export async function distrustRepository(tx: Tx, tenantId: TenantId, location: string): Promise<void> {
  await tx
    .deleteFrom('trusted_repositories')
    .where('tenant_id', '=', tenantId)
    .where('location', '=', location)
    .execute()
}

export async function isTrustedRepository(tx: Tx, tenantId: TenantId, location: string): Promise<boolean> {
  const row = await tx
    .selectFrom('trusted_repositories')
    .select('location')
    .where('tenant_id', '=', tenantId)
    .where('location', '=', location)
    .executeTakeFirst()
  return row !== undefined
}
