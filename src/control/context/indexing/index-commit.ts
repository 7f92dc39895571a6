import { sql } from 'kysely'
import type { Database, Tx } from '../../../store/index.ts'
import type { RepositorySource, Revision } from '../ports.ts'
import type { TenantScope } from '../scope.ts'
import type { SnapshotReport } from '../tables.ts'
import { contextErrors } from '../errors.ts'
import { addUp, findFiles, numbersAt, summarise } from './files.ts'
import { type BaseSnapshot, type Manifest, readManifest } from './manifest.ts'
import { outlineVersion } from './outline.ts'
import { historyLimit, knownCommits, storeCommits } from './past-commits.ts'
import { lockPlace, type Place, takePlace } from './place.ts'
import { readAndStore } from './read-and-store.ts'
import { listSegments, mergeSegments, segmentsToMerge } from './segments.ts'

/** What indexing a commit came to. */
export interface IndexReport extends SnapshotReport {
  readonly commit: string
  /** Files of the commit, without links, submodules and paths that are too long; `outcomes` counts these too. */
  readonly files: number
  /** Files that were read, because no earlier commit had them. */
  readonly read: number
  /** Of the files that were read. */
  readonly syntaxErrors: number
}

export interface IndexRequest {
  readonly source: RepositorySource
  readonly revision: Revision
  readonly onProgress?: (done: number, total: number) => void
  /** Ends the work between two batches. */
  readonly signal?: AbortSignal
}

/** What is known before a commit is indexed. */
interface Start {
  readonly place: Place
  /** How often files were removed from the repository's index until then. */
  readonly collections: number
  readonly base: (BaseSnapshot & { readonly report: SnapshotReport }) | undefined
  /** Commits whose messages are stored. */
  readonly knownPast: ReadonlySet<string>
  /** What the commit came to, when it is indexed already. */
  readonly done: IndexReport | undefined
}

/**
 * Files may be removed between the moment when they are found to be known and the moment when the commit lists them.
 * Then it is looked at again.
 */
const attempts = 5

/**
 * Indexes a commit: reads the files whose content no indexed commit has at their path, and lists the files of this one.
 * Only what differs from the newest indexed commit is looked at. Safe to repeat and to do at the same time in several
 * processes; after a crash it goes on with what was stored. Queries see the commit when it is complete.
 */
export async function indexCommit(
  database: Database,
  scope: TenantScope,
  request: IndexRequest,
): Promise<IndexReport> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const start = await database.transaction(scope, (tx) => begin(tx, scope, request))
    if (start.done !== undefined) return start.done
    const result = await indexFrom(database, scope, request, start)
    if (result === undefined) continue
    if (result.isMergeDue) await mergeNeighbours(database, scope, start.place)
    return result.report
  }
  throw contextErrors.INDEX_BUSY({ detail: request.source.location })
}

async function begin(tx: Tx, { tenantId }: TenantScope, { source, revision }: IndexRequest): Promise<Start> {
  const place = await takePlace(tx, tenantId, source.location)
  const { collections } = await tx
    .selectFrom('context_repositories')
    .select('collections')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', place.repositoryId)
    .executeTakeFirstOrThrow()
  const base = await tx
    .selectFrom('context_snapshots')
    .select(['commit', 'tree', 'files', 'report'])
    .where('tenant_id', '=', tenantId)
    .where('repository_id', '=', place.repositoryId)
    .where('format', '=', outlineVersion)
    .orderBy((expression) => expression('commit', '=', revision.commit), 'desc')
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  const done =
    base?.commit === revision.commit
      ? { commit: base.commit, files: ordinaryFiles(base.report), read: 0, syntaxErrors: 0, ...base.report }
      : undefined
  const knownPast = done === undefined ? await knownCommits(tx, place) : new Set<string>()
  return { place, collections, base, knownPast, done }
}

/** Undefined when files were removed meanwhile that the commit needs. */
async function indexFrom(
  database: Database,
  scope: TenantScope,
  { source, revision, onProgress, signal }: IndexRequest,
  { place, collections, base, knownPast }: Start,
): Promise<{ readonly report: IndexReport; readonly isMergeDue: boolean } | undefined> {
  const readingHistory = source.history(revision.commit, historyLimit, knownPast)
  // It is awaited below; until then a failure must not count as unhandled.
  readingHistory.catch(() => undefined)
  const manifest = await readManifest(source, revision.tree, base)
  const { listed } = manifest
  const known = await database.transaction(scope, (tx) => findFiles(tx, place, listed))
  const unread = listed.filter(({ path }) => !known.has(path))
  const { read, syntaxErrors } = await readAndStore(
    { database, scope, place, source, tree: revision.tree },
    unread,
    { onProgress, signal },
  )
  const history = await readingHistory
  return database.transaction(scope, async (tx) => {
    const isUndisturbed = (await lockPlace(tx, place)) === collections
    if (!isUndisturbed) return undefined
    const numbers = new Map([...known, ...(await findFiles(tx, place, unread))])
    const { files, summary } = await listSnapshot(tx, place, manifest, base?.report, [...numbers.values()])
    const commits = await storeCommits(tx, place, history)
    await insertSnapshot(tx, scope, place, { revision, files, commits, report: summary })
    return {
      report: { commit: revision.commit, files: ordinaryFiles(summary), read, syntaxErrors, ...summary },
      isMergeDue: segmentsToMerge(await listSegments(tx, place)).length > 0,
    }
  })
}

const notFiles: readonly string[] = ['link', 'submodule', 'path-too-long']

function ordinaryFiles({ outcomes }: SnapshotReport): number {
  return Object.entries(outcomes).reduce(
    (sum, [name, files]) => sum + (notFiles.includes(name) ? 0 : files),
    0,
  )
}

/** The files of a commit: those of its base without what is gone, and what was added. */
async function listSnapshot(
  tx: Tx,
  place: Place,
  { base, gone, longPaths }: Manifest,
  baseReport: SnapshotReport | undefined,
  added: readonly number[],
): Promise<{ readonly files: readonly number[]; readonly summary: SnapshotReport }> {
  const before = new Set(base?.files)
  const goneNumbers = await numbersAt(tx, place, gone, before)
  for (const number of goneNumbers) before.delete(number)
  const come = await summarise(tx, place, added)
  const summary = addUp(
    (base && baseReport) ?? { lines: 0, outcomes: {} },
    await summarise(tx, place, goneNumbers),
    longPaths === 0 ? come : { ...come, outcomes: { ...come.outcomes, 'path-too-long': longPaths } },
  )
  return { files: [...new Set([...before, ...added])].toSorted((one, other) => one - other), summary }
}

async function insertSnapshot(
  tx: Tx,
  { tenantId, principalId }: TenantScope,
  { repositoryId }: Place,
  snapshot: {
    readonly revision: Revision
    readonly files: readonly number[]
    readonly commits: readonly number[]
    readonly report: SnapshotReport
  },
): Promise<void> {
  const { revision, files, commits, report } = snapshot
  // Of an older format there may be one.
  await sql`
    insert into context_snapshots
      (tenant_id, repository_id, commit, tree, format, principal_id, files, commits, report)
    values (${tenantId}, ${repositoryId}, ${revision.commit}, ${revision.tree}, ${outlineVersion}, ${principalId},
      ${files}::integer[], ${commits}::integer[], ${JSON.stringify(report)})
    on conflict (tenant_id, repository_id, commit) do update
      set format = excluded.format, files = excluded.files, commits = excluded.commits, report = excluded.report
      where context_snapshots.format <> excluded.format`.execute(tx)
}

/** Puts segments together. Queries go on meanwhile. */
async function mergeNeighbours(database: Database, scope: TenantScope, place: Place): Promise<void> {
  await database.transaction(scope, async (tx) => {
    await lockPlace(tx, place)
    const merged = segmentsToMerge(await listSegments(tx, place))
    if (merged.length > 0) await mergeSegments(tx, place, merged)
  })
}
