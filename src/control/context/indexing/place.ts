import type { TenantId } from '../../../kernel/index.ts'
import type { Tx } from '../../../store/index.ts'

/** Where in the database a repository's index is. */
export interface Place {
  readonly tenantId: TenantId
  readonly repositoryId: number
}

/** The place of a repository, which is made when it is new. */
export async function takePlace(tx: Tx, tenantId: TenantId, location: string): Promise<Place> {
  const known = await findPlace(tx, tenantId, location)
  if (known !== undefined) return known
  await tx
    .insertInto('context_repositories')
    .values({ tenant_id: tenantId, location })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const made = await findPlace(tx, tenantId, location)
  if (made === undefined) throw new Error(`the row of ${location} has gone`)
  return made
}

/** The place of a repository, if anything of it was ever indexed. */
export async function findPlace(tx: Tx, tenantId: TenantId, location: string): Promise<Place | undefined> {
  const row = await tx
    .selectFrom('context_repositories')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('location', '=', location)
    .executeTakeFirst()
  return row && { tenantId, repositoryId: row.id }
}

/** Keeps others from changing what of the repository is stored, until the transaction ends; returns its collections. */
export async function lockPlace(tx: Tx, { tenantId, repositoryId }: Place): Promise<number> {
  const { collections } = await tx
    .selectFrom('context_repositories')
    .select('collections')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', repositoryId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  return collections
}
