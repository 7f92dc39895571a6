import { sql } from 'kysely'
import type { Clock, RunId, TenantId } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import { ChainVerifier } from './chain.ts'
import type { ChainReport } from './chain.ts'
import type { CheckpointFile } from './checkpoint-file.ts'
import { signCheckpoint, verifyCheckpoints } from './checkpoint.ts'
import type { Checkpoint } from './checkpoint.ts'
import { serialiseRecord } from './record.ts'
import type { AuditRecord, ChainHead, StoredEntry } from './record.ts'
import { emptyProof, proveRun } from './run-proof.ts'
import type { ChainProof } from './run-proof.ts'
import type { SigningKey } from './signing-key.ts'
import type { TenantScope } from './tenant-scope.ts'

/** What a caller says about what happened; time and operating system account are added. */
export type AuditEntry = Omit<AuditRecord, 'time' | 'osUid'>

export interface AuditLog {
  /** What happened, now, as the database function `audit_append_many` takes it. */
  serialise(entry: AuditEntry): string
  /**
   * Appends within the caller's transaction: the record is there if and only if the transaction is committed. The
   * tenant's chain is locked from here to the end of the transaction, so append last.
   */
  append(tx: Tx, entry: AuditEntry): Promise<ChainHead>
  /**
   * Signs where the chain stands, and keeps the signature both in the database and in the data directory. Undefined
   * for a chain without records.
   */
  checkpoint(scope: TenantScope): Promise<Checkpoint | undefined>
  /**
   * Reads the tenant's whole chain and says which records were changed, removed, reordered or put in. `progress` hears
   * how many records of how many have been read, a page at a time.
   */
  verify(scope: TenantScope, progress?: (read: number, total: number) => void): Promise<ChainReport>
  /** The records of one run, in order. */
  ofRun(tx: Tx, tenantId: TenantId, runId: RunId): Promise<readonly StoredEntry[]>
  /** Lines of a JSON Lines file that `verifyAuditExport` checks without the database. Takes a checkpoint first. */
  exportLines(scope: TenantScope): AsyncIterable<string>
  /**
   * The run's records with the part of the chain that connects them to a signed checkpoint, other records sealed.
   * Takes a checkpoint if none covers the run yet.
   */
  proofOfRun(scope: TenantScope, runId: RunId): Promise<ChainProof>
  readonly publicKey: string
}

export interface AuditLogOptions {
  readonly database: Database
  readonly clock: Clock
  readonly key: SigningKey
  readonly checkpoints: CheckpointFile
  /** `process.getuid()`; null where there is none. */
  readonly osUid: number | null
}

const pageSize = 1000

export function createAuditLog({ database, clock, key, checkpoints, osUid }: AuditLogOptions): AuditLog {
  const checkpoint = async (scope: TenantScope): Promise<Checkpoint | undefined> => {
    const signed = await database.transaction(scope, async (tx) => {
      const head = await headOf(tx, scope.tenantId)
      if (head === undefined || head.seq === 0) return undefined
      const made = signCheckpoint(scope.tenantId, head, new Date(clock.now()), key)
      await tx
        .insertInto('audit_checkpoints')
        .values({
          tenant_id: scope.tenantId,
          seq: made.seq,
          hash: made.hash,
          time: made.time,
          key_id: made.keyId,
          signature: made.signature,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      return made
    })
    if (signed !== undefined) await checkpoints.append(signed)
    return signed
  }

  const serialise = (entry: AuditEntry): string =>
    serialiseRecord({ ...entry, time: new Date(clock.now()).toISOString(), osUid })

  return {
    publicKey: key.publicKey,
    checkpoint,
    serialise,
    append: async (tx, entry) => {
      const { rows } = await sql<ChainHead>`select * from audit_append(${serialise(entry)})`.execute(tx)
      const [head] = rows
      if (head === undefined) throw new Error('audit_append returned nothing')
      return head
    },
    verify: async (scope, progress) => {
      // Read before the snapshot: every checkpoint in the file is about records committed by then.
      const kept = (await checkpoints.read()).filter(({ tenantId }) => tenantId === scope.tenantId)
      return database.transaction(
        scope,
        async (tx) => {
          const known = [...kept, ...(await storedCheckpoints(tx, scope.tenantId))]
          const verifier = new ChainVerifier(scope.tenantId, verifyCheckpoints(scope.tenantId, known, key))
          const head = await headOf(tx, scope.tenantId)
          let read = 0
          for await (const row of entries(tx, scope.tenantId)) {
            verifier.add(row)
            read += 1
            if (read % pageSize === 0) progress?.(read, head?.seq ?? read)
          }
          return verifier.finish(head ?? 'missing')
        },
        { isolation: 'repeatable read' },
      )
    },
    ofRun: (tx, tenantId, runId) =>
      tx
        .selectFrom('audit_log')
        .select(['seq', 'entry', 'hash', 'record'])
        .where('tenant_id', '=', tenantId)
        .where('run_id', '=', runId)
        .orderBy('seq')
        .execute(),
    proofOfRun: async (scope, runId) => {
      const proven = await proveRun(database, scope, runId)
      if (proven !== undefined) return { ...proven, publicKey: key.publicKey }
      await checkpoint(scope)
      const { start, links, checkpoints } =
        (await proveRun(database, scope, runId)) ?? emptyProof(scope.tenantId)
      return { start, links, checkpoints, publicKey: key.publicKey }
    },
    exportLines: async function* (scope) {
      await checkpoint(scope)
      yield* exportedLines(database, scope, key.publicKey)
    },
  }
}

async function* exportedLines(
  database: Database,
  scope: TenantScope,
  publicKey: string,
): AsyncIterable<string> {
  const header = await database.transaction(scope, async (tx) => ({
    format: 'atelier-audit/1',
    tenantId: scope.tenantId,
    head: (await headOf(tx, scope.tenantId)) ?? { seq: 0, hash: '' },
    checkpoints: await storedCheckpoints(tx, scope.tenantId),
    publicKey,
  }))
  yield JSON.stringify(header)
  for (let after = 0; after < header.head.seq;) {
    const from = after
    const page = await database.transaction(scope, (tx) => pageOf(tx, scope.tenantId, from))
    for (const row of page) if (row.seq <= header.head.seq) yield JSON.stringify(row)
    const last = page.at(-1)
    if (last === undefined) return
    after = last.seq
  }
}

async function headOf(tx: Tx, tenantId: TenantId): Promise<ChainHead | undefined> {
  return tx
    .selectFrom('audit_heads')
    .select(['seq', 'hash'])
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst()
}

async function storedCheckpoints(tx: Tx, tenantId: TenantId): Promise<readonly Checkpoint[]> {
  return tx
    .selectFrom('audit_checkpoints')
    .select(['tenant_id as tenantId', 'seq', 'hash', 'time', 'key_id as keyId', 'signature'])
    .where('tenant_id', '=', tenantId)
    .orderBy('seq')
    .execute()
}

async function* entries(tx: Tx, tenantId: TenantId): AsyncIterable<StoredEntry> {
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const page = await pageOf(tx, tenantId, after)
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    after = last.seq
  }
}

async function pageOf(tx: Tx, tenantId: TenantId, after: number): Promise<readonly StoredEntry[]> {
  return tx
    .selectFrom('audit_log')
    .select(['seq', 'entry', 'hash', 'record'])
    .where('tenant_id', '=', tenantId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(pageSize)
    .execute()
}
