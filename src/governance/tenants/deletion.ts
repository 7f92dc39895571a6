import type { ClientBase } from 'pg'
import { escapeIdentifier } from 'pg'
import { z } from 'zod'
import { forgetTickets, isAtWork } from '../../engine/index.ts'
import { canonicalJson } from '../../kernel/index.ts'
import type { Clock, PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import type { ChainHead, SigningKey } from '../audit/index.ts'
import { trustedKeys } from '../audit/index.ts'
import { tenantErrors } from '../identity/index.ts'
import { tenantTables } from './tenant-tables.ts'

/** A signed statement that a tenant was deleted: what was there, and where its audit chain ended. */
const deletionProofSchema = z.object({
  format: z.literal('atelier-tenant-deletion/1'),
  tenantId: z.string(),
  deletedAt: z.iso.datetime(),
  deletedBy: z.string(),
  /** Rows deleted, by table; tables without any are left out. */
  rows: z.record(z.string(), z.int().positive()),
  /** What was removed outside of the database. */
  folders: z.array(z.string()),
  /** The last record of the tenant's audit chain; null for a tenant without one. */
  auditHead: z.object({ seq: z.int(), hash: z.string() }).nullable(),
  keyId: z.string(),
  publicKey: z.string(),
  /** Ed25519 over the canonical JSON of the other members, base64. */
  signature: z.string(),
})
export type DeletionProof = z.infer<typeof deletionProofSchema>

/** Whether a proof was signed by one of these public keys and says what it said then. */
export function verifyDeletionProof(proof: DeletionProof, publicKeys: readonly string[]): boolean {
  const { signature, ...statement } = proof
  return trustedKeys(publicKeys).verify(proof.keyId, canonicalJson(statement), signature)
}

/** Something of tenants that is kept outside of the database. */
interface TenantFolder {
  readonly name: string
  /** Removing what is not there is fine. */
  remove(tenantId: TenantId): Promise<void>
}

export interface DeletionParts {
  readonly database: Database
  readonly clock: Clock
  readonly key: SigningKey
  readonly folders: readonly TenantFolder[]
}

/**
 * Deletes every row of a suspended tenant in one transaction, then its folders, and signs what was done. Where folders
 * could not be removed, deleting again removes them.
 * @throws ATL_TENANT_UNKNOWN, ATL_TENANT_NOT_SUSPENDED, ATL_TENANT_BUSY
 */
export async function deleteTenant(
  parts: DeletionParts,
  tenantId: TenantId,
  deletedBy: PrincipalId,
): Promise<DeletionProof> {
  const { database, clock, key, folders } = parts
  const { rows, auditHead } = await asOwner(database, tenantId, (client) => deleteRows(client, tenantId))
  for (const folder of folders) await folder.remove(tenantId)
  const statement = {
    format: 'atelier-tenant-deletion/1' as const,
    tenantId,
    deletedAt: new Date(clock.now()).toISOString(),
    deletedBy,
    rows,
    folders: folders.map(({ name }) => name),
    auditHead,
    keyId: key.keyId,
    publicKey: key.publicKey,
  }
  return { ...statement, signature: key.sign(canonicalJson(statement)) }
}

/** The only work that the owner of the tables does on rows, since nobody else may delete what is append-only. */
async function asOwner<T>(
  database: Database,
  tenantId: TenantId,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  const client = await database.owner.pool.connect()
  let broken = false
  try {
    await client.query('begin')
    // Row-level security shows the owner this tenant and no other; the triggers of append-only tables want it named.
    await client.query(
      `select set_config('atelier.tenant_id', $1, true), set_config('atelier.deleting_tenant', $1, true)`,
      [tenantId],
    )
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {
      broken = true
    })
    throw error
  } finally {
    client.release(broken)
  }
}

async function deleteRows(client: ClientBase, tenantId: TenantId) {
  // Whoever would add a row that belongs to the tenant waits for this lock, and then finds no tenant.
  const { rows: found } = await client.query<{ state: string }>(
    'select state from tenants where id = $1 for update',
    [tenantId],
  )
  if (found[0] === undefined) throw tenantErrors.UNKNOWN({ detail: tenantId })
  if (found[0].state !== 'suspended') throw tenantErrors.NOT_SUSPENDED({ detail: tenantId })
  const isRunning = await hasEngine(client)
  if (isRunning && (await isAtWork(client, tenantId))) throw tenantErrors.BUSY({ detail: tenantId })
  const { rows: heads } = await client.query<ChainHead>(
    'select seq::float8 as seq, hash from audit_heads where tenant_id = $1',
    [tenantId],
  )
  const rows: Record<string, number> = {}
  for (const { name } of await tenantTables(client)) {
    const { rowCount } = await client.query(`delete from ${escapeIdentifier(name)} where tenant_id = $1`, [
      tenantId,
    ])
    if (rowCount) rows[name] = rowCount
  }
  const tickets = isRunning ? await forgetTickets(client, tenantId) : 0
  if (tickets > 0) rows['engine tickets'] = tickets
  await client.query('delete from tenants where id = $1', [tenantId])
  rows['tenants'] = 1
  return { rows, auditHead: heads[0] ?? null }
}

async function hasEngine(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ present: boolean }>(
    `select to_regclass('dbos.workflow_status') is not null as present`,
  )
  return rows[0]?.present === true
}
