import { digestOf } from '../kernel/index.ts'
import type { Digest, TenantId } from '../kernel/index.ts'
import type { Tx } from './scoped-transaction.ts'

export interface Blob {
  readonly mediaType: string
  readonly content: Uint8Array
}

/** Stores content under its digest, once per tenant however often it is put. Returns the digest. */
export async function putBlob(
  tx: Tx,
  tenantId: TenantId,
  content: string | Uint8Array,
  mediaType = 'application/octet-stream',
): Promise<Digest> {
  const digest = digestOf(content)
  await tx
    .insertInto('blobs')
    .values({ tenant_id: tenantId, digest, media_type: mediaType, content: Buffer.from(content) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return digest
}

/** The content with this digest, or undefined where the tenant has none. */
export async function getBlob(tx: Tx, tenantId: TenantId, digest: Digest): Promise<Blob | undefined> {
  const row = await tx
    .selectFrom('blobs')
    .select(['media_type', 'content'])
    .where('tenant_id', '=', tenantId)
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && { mediaType: row.media_type, content: row.content }
}
