import { sql } from 'kysely'
import type { Database, Tx } from '../../../store/index.ts'
import type { TenantScope } from '../scope.ts'
import type { RepositorySource, Revision, SourceFile } from '../ports.ts'
import { outlineVersion } from './outline.ts'
import { historyLimit, storeCommits } from './past-commits.ts'
import { type Place, takePlace } from './place.ts'
import { insertPostings, mergeSegments, takeSegment } from './postings.ts'
import { batches, prepareFiles, type PreparedFile } from './prepare.ts'

/** What indexing a commit came to. */
export interface IndexReport {
  readonly commit: string
  /** Files of the commit, without links and submodules. */
  readonly files: number
  /** Files that were read, because no earlier commit had them. */
  readonly read: number
  readonly lines: number
  /** Of all files of the commit, by what was made of them. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Of the files that were read. */
  readonly syntaxErrors: number
}

export interface IndexRequest {
  readonly source: RepositorySource
  readonly revision: Revision
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Indexes a commit: reads the files whose content no indexed commit has at their path, and lists the files of this one.
 * Safe to repeat and to do at the same time in several processes. Queries see the commit when it is complete.
 */
export async function indexCommit(
  database: Database,
  scope: TenantScope,
  { source, revision, onProgress }: IndexRequest,
): Promise<IndexReport> {
  const files = ordinaryFiles(await source.listFiles(revision.tree))
  const { place, known } = await database.transaction(scope, async (tx) => {
    const own = await takePlace(tx, scope.tenantId, source.location)
    return { place: own, known: await findFiles(tx, own, files) }
  })
  const unread = files.filter((file) => !known.has(keyOf(file)))
  let read = 0
  let syntaxErrors = 0
  // The database stores one batch while the next is parsed.
  let storing: Promise<unknown> = Promise.resolve()
  for (const batch of batches(unread)) {
    const [prepared] = await Promise.all([prepareFiles(source, revision.tree, batch), storing])
    storing = database.transaction(scope, (tx) => storeFiles(tx, place, prepared))
    read += batch.length
    syntaxErrors += prepared.filter(({ hasSyntaxErrors }) => hasSyntaxErrors).length
    onProgress?.(read, unread.length)
  }
  const [history] = await Promise.all([source.history(revision.commit, historyLimit), storing])
  return database.transaction(scope, async (tx) => {
    const ids = unread.length > 0 ? await findFiles(tx, place, files) : known
    const commits = await storeCommits(tx, place, history)
    const summary = await summarise(tx, place, [...ids.values()])
    const report = { commit: revision.commit, files: files.length, read, syntaxErrors, ...summary }
    await tx
      .insertInto('context_snapshots')
      .values({
        tenant_id: scope.tenantId,
        repository_id: place.repositoryId,
        commit: revision.commit,
        principal_id: scope.principalId,
        files: [...ids.values()],
        commits: [...commits],
        report: JSON.stringify(summary.outcomes),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    await mergeSegments(tx, place)
    return report
  })
}

/** Bytes. An index entry of PostgreSQL holds some more; people stay far below. */
const longestPath = 2_000

/** Links lead elsewhere and submodules are repositories of their own. Of paths that cannot be told apart one is kept. */
function ordinaryFiles(files: readonly SourceFile[]): readonly SourceFile[] {
  const byPath = new Map(
    files
      .filter(({ kind }) => kind === 'file' || kind === 'executable')
      .filter(({ path }) => Buffer.byteLength(path) <= longestPath)
      .map((file) => [file.path, file] as const),
  )
  return [...byPath.values()]
}

function blobOf({ objectId }: Pick<SourceFile, 'objectId'>): string {
  return `${outlineVersion}:${objectId}`
}

function keyOf(file: Pick<SourceFile, 'path' | 'objectId'>): string {
  return `${blobOf(file)} ${file.path}`
}

/** Ids of those files that are stored, by {@link keyOf}. */
async function findFiles(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  files: readonly SourceFile[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ key: string; id: number }>`
    select file.blob || ' ' || file.path as key, file.id
    from unnest(${files.map(({ path }) => path)}::text[], ${files.map(blobOf)}::text[]) as listed (path, blob)
    join context_files file on file.path = listed.path and file.blob = listed.blob
      and file.tenant_id = ${tenantId} and file.repository_id = ${repositoryId}
    order by file.id`.execute(tx)
  return new Map(rows.map(({ key, id }) => [key, id]))
}

/** Stores files with their postings; those that another process has stored meanwhile are left as they are. */
async function storeFiles(tx: Tx, place: Place, prepared: readonly PreparedFile[]): Promise<void> {
  const segment = await takeSegment(tx, place)
  const stored = await tx
    .insertInto('context_files')
    .values(
      prepared.map((file) => ({
        tenant_id: place.tenantId,
        repository_id: place.repositoryId,
        path: file.path,
        blob: blobOf(file),
        kind: file.kind,
        language: file.language,
        outcome: file.outcome,
        lines: file.lines,
        length: file.length,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning(['id', 'path'])
    .execute()
  const ids = new Map(stored.map(({ id, path }) => [path, id]))
  const added = prepared.flatMap(({ path, frequencies, outline }) => {
    const id = ids.get(path)
    return id === undefined ? [] : [{ id, frequencies, outline }]
  })
  if (added.length === 0) return
  await tx
    .insertInto('context_outlines')
    .values(
      added.map(({ id, outline }) => ({
        tenant_id: place.tenantId,
        file_id: id,
        outline: JSON.stringify(outline),
      })),
    )
    .execute()
  await insertPostings(tx, place, segment, added)
}

async function summarise(
  tx: Tx,
  { tenantId }: Place,
  ids: readonly number[],
): Promise<Pick<IndexReport, 'lines' | 'outcomes'>> {
  const { rows } = await sql<{ outcome: string; files: number; lines: number }>`
    select file.outcome, count(*)::integer as files, sum(file.lines)::integer as lines
    from unnest(${ids}::integer[]) as listed (id)
    join context_files file on file.tenant_id = ${tenantId} and file.id = listed.id
    group by file.outcome order by file.outcome`.execute(tx)
  return {
    lines: rows.reduce((sum, { lines }) => sum + lines, 0),
    outcomes: Object.fromEntries(rows.map(({ outcome, files }) => [outcome, files])),
  }
}
