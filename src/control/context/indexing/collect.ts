import { sql } from 'kysely'
import type { Database, Tx } from '../../../store/index.ts'
import type { TenantScope } from '../scope.ts'
import { findPlace, lockPlace, type Place } from './place.ts'
import { listSegments, mergeSegments } from './segments.ts'

/** Which commits stay indexed: the newest ones of a repository, and whatever was searched lately. */
export interface Retention {
  /** The newest, by when they were indexed; at least 1. */
  readonly commits: number
  /** Days in which a search keeps a commit. */
  readonly days: number
}

export const defaultRetention: Retention = { commits: 20, days: 14 }

/** What was removed. */
export interface CollectionReport {
  readonly commits: number
  /** Contents of files that only those commits had. */
  readonly files: number
  /** Segments of postings that were written again without them. */
  readonly segments: number
}

/** Files removed in one transaction at most, while nobody else can add any. */
const filesAtOnce = 2_000
/** An index that is being made has stored files that no commit lists as yet. */
const graceMinutes = 60
/** The part of its files that a segment must have left. */
const leastAlive = 0.75

/**
 * Removes indexed commits of a repository that nothing needs any more, with the files, postings and past commits that
 * only they used. In short transactions, so that it may be interrupted at any time, and safe while others index and
 * search: an index in the making looks again when files were removed that it counted on.
 */
export async function collectIndex(
  database: Database,
  scope: TenantScope,
  location: string,
  {
    retention = defaultRetention,
    signal,
  }: { readonly retention?: Retention; readonly signal?: AbortSignal } = {},
): Promise<CollectionReport> {
  const inTurn = <T>(work: (tx: Tx, place: Place) => Promise<T>): Promise<T | undefined> =>
    database.transaction(scope, async (tx) => {
      const place = await findPlace(tx, scope.tenantId, location)
      if (place === undefined || signal?.aborted === true) return undefined
      await lockPlace(tx, place)
      return work(tx, place)
    })
  const commits = (await inTurn((tx, place) => removeSnapshots(tx, place, retention))) ?? 0
  if (commits === 0) return { commits: 0, files: 0, segments: 0 }
  let files = 0
  for (let removed = filesAtOnce; removed >= filesAtOnce; files += removed)
    removed = (await inTurn(removeFiles)) ?? 0
  await inTurn(removePastCommits)
  await inTurn(removeFolders)
  let segments = 0
  while ((await inTurn(rewriteSegment)) === true) segments += 1
  return { commits, files, segments }
}

async function removeSnapshots(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  { commits, days }: Retention,
): Promise<number> {
  const { rows } = await sql`
    with ranked as (
      select commit, asked_at, row_number() over (order by created_at desc, commit) as age
      from context_snapshots where tenant_id = ${tenantId} and repository_id = ${repositoryId}
    )
    delete from context_snapshots snapshot using ranked
    where snapshot.tenant_id = ${tenantId} and snapshot.repository_id = ${repositoryId}
      and snapshot.commit = ranked.commit and ranked.age > ${Math.max(1, commits)}
      and (ranked.asked_at is null or ranked.asked_at < now() - make_interval(days => ${days}::integer))
    returning snapshot.commit`.execute(tx)
  return rows.length
}

async function removeFiles(tx: Tx, place: Place): Promise<number> {
  const { tenantId, repositoryId } = place
  const { rows } = await sql`
    with listed as materialized (
      select distinct unnest(files) as number from context_snapshots
      where tenant_id = ${tenantId} and repository_id = ${repositoryId}
    ), unlisted as (
      select number from context_files
      where tenant_id = ${tenantId} and repository_id = ${repositoryId}
        and stored_at < now() - make_interval(mins => ${graceMinutes}::integer)
      except select number from listed
      limit ${filesAtOnce}
    )
    delete from context_files file using unlisted
    where file.tenant_id = ${tenantId} and file.repository_id = ${repositoryId} and file.number = unlisted.number
    returning file.number`.execute(tx)
  if (rows.length > 0) await countCollection(tx, place)
  return rows.length
}

async function removePastCommits(tx: Tx, place: Place): Promise<void> {
  const { tenantId, repositoryId } = place
  const { rows } = await sql`
    with listed as materialized (
      select distinct unnest(commits) as id from context_snapshots
      where tenant_id = ${tenantId} and repository_id = ${repositoryId}
    ), unlisted as (
      select id from context_commits where tenant_id = ${tenantId} and repository_id = ${repositoryId}
      except select id from listed
    )
    delete from context_commits past using unlisted
    where past.tenant_id = ${tenantId} and past.id = unlisted.id
    returning past.id`.execute(tx)
  if (rows.length > 0) await countCollection(tx, place)
}

async function removeFolders(tx: Tx, { tenantId, repositoryId }: Place): Promise<void> {
  await sql`
    delete from context_folders folder
    where folder.tenant_id = ${tenantId} and folder.repository_id = ${repositoryId}
      and folder.id not in (
        select folder_id from context_files where tenant_id = ${tenantId} and repository_id = ${repositoryId})
  `.execute(tx)
}

/** Tells those who are indexing that what they found may be gone. */
async function countCollection(tx: Tx, { tenantId, repositoryId }: Place): Promise<void> {
  await tx
    .updateTable('context_repositories')
    .set((expression) => ({ collections: expression('collections', '+', 1) }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', repositoryId)
    .execute()
}

/** Writes one segment again of whose files too many are gone; false when there is none. */
async function rewriteSegment(tx: Tx, place: Place): Promise<boolean> {
  const { rows } = await sql<{ segment: number; alive: number }>`
    select segment.segment, count(file.number)::integer as alive
    from context_segments segment
    left join context_files file on file.tenant_id = ${place.tenantId} and file.repository_id = ${place.repositoryId}
      and file.number between segment.first_file and segment.last_file
    where segment.tenant_id = ${place.tenantId} and segment.repository_id = ${place.repositoryId}
    group by segment.segment`.execute(tx)
  const alive = new Map(rows.map((row) => [row.segment, row.alive]))
  const decayed = (await listSegments(tx, place)).find(
    ({ segment, files }) => (alive.get(segment) ?? 0) < files * leastAlive,
  )
  if (decayed !== undefined) await mergeSegments(tx, place, [decayed])
  return decayed !== undefined
}
