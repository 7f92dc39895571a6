import { sql } from 'kysely'
import type { RunId, TenantId } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import type { Checkpoint } from './checkpoint.ts'
import { genesisHash } from './record.ts'
import type { ChainHead, StoredEntry } from './record.ts'
import type { TenantScope } from './tenant-scope.ts'

/** Shows that records stand in the chain that was signed, to somebody who may not read the others. */
export interface ChainProof {
  /** What the first link follows. */
  readonly start: ChainHead
  readonly links: readonly StoredEntry[]
  readonly checkpoints: readonly Checkpoint[]
  /** SPKI, PEM, of the key that signed. */
  readonly publicKey: string
}

type UnsignedProof = Omit<ChainProof, 'publicKey'>

/** Undefined while no checkpoint covers all of the run's records. */
export async function proveRun(
  database: Database,
  { tenantId, ...scope }: TenantScope,
  runId: RunId,
): Promise<UnsignedProof | undefined> {
  return database.transaction({ ...scope, tenantId }, async (tx) => {
    const signed = await checkpointAfter(tx, tenantId, runId)
    if (signed === undefined) return undefined
    const links = await linksOfRun(tx, tenantId, runId, signed.seq)
    const seq = (links[0]?.seq ?? 1) - 1
    return { start: { seq, hash: await hashAt(tx, tenantId, seq) }, links, checkpoints: [signed] }
  })
}

/** The proof of a run without records. */
export function emptyProof(tenantId: TenantId): UnsignedProof {
  return { start: { seq: 0, hash: genesisHash(tenantId) }, links: [], checkpoints: [] }
}

/** The first checkpoint that covers all of the run's records. */
async function checkpointAfter(tx: Tx, tenantId: TenantId, runId: RunId): Promise<Checkpoint | undefined> {
  return tx
    .selectFrom('audit_checkpoints')
    .select(['tenant_id as tenantId', 'seq', 'hash', 'time', 'key_id as keyId', 'signature'])
    .where('tenant_id', '=', tenantId)
    .where('seq', '>=', (eb) =>
      eb
        .selectFrom('audit_log')
        .select(({ fn }) => fn.max('seq').as('last'))
        .where('tenant_id', '=', tenantId)
        .where('run_id', '=', runId),
    )
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
}

async function linksOfRun(
  tx: Tx,
  tenantId: TenantId,
  runId: RunId,
  through: number,
): Promise<readonly StoredEntry[]> {
  const { rows } = await sql<StoredEntry>`
    select seq, entry, hash, case when run_id = ${runId} then record end as record
    from audit_log where tenant_id = ${tenantId} and seq <= ${through}
      and seq >= (select min(seq) from audit_log where tenant_id = ${tenantId} and run_id = ${runId})
    order by seq`.execute(tx)
  return rows
}

async function hashAt(tx: Tx, tenantId: TenantId, seq: number): Promise<string> {
  if (seq === 0) return genesisHash(tenantId)
  const { hash } = await tx
    .selectFrom('audit_log')
    .select('hash')
    .where('tenant_id', '=', tenantId)
    .where('seq', '=', seq)
    .executeTakeFirstOrThrow()
  return hash
}
