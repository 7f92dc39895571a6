import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../store/index.ts'
import { outlineVersion } from './indexing/outline.ts'
import type { Place } from './indexing/place.ts'
import type { Reader } from './ports.ts'

/** A commit that is indexed completely, and what of its repository a reader may read. */
export interface ReadableSnapshot extends Place {
  readonly commit: string
  /** The highest number of a file of the repository that the transaction sees. */
  readonly newestFile: number
  /** Whether it was not searched for a day or more, as far as is recorded. */
  readonly isForgotten: boolean
  /** Ids of the folders whose files may be read, and numbers of files that may be read by themselves. */
  readonly folders: ReadonlySet<number>
  readonly files: ReadonlySet<number>
  /** Numbers of files that may not be read, wherever they lie. */
  readonly hidden: ReadonlySet<number>
}

/**
 * Finds a commit, if it is indexed completely, and decides what the reader may read. Everything a search looks at goes
 * through here.
 */
export async function findReadable(
  tx: Tx,
  { tenantId }: Pick<Place, 'tenantId'>,
  {
    location,
    commit,
    reader,
  }: { readonly location: string; readonly commit: string; readonly reader: Reader },
): Promise<ReadableSnapshot | undefined> {
  const { except = [] } = reader
  const { rows } = await sql<{
    id: number
    newest: number
    forgotten: boolean
    folders: string | null
    files: string | null
    hidden: string | null
  }>`
    select repository.id, repository.files as newest,
           coalesce(snapshot.asked_at < now() - interval '1 day', true) as forgotten,
           (select string_agg(folder.id::text, ',') from context_folders folder
            where folder.tenant_id = ${tenantId} and folder.repository_id = repository.id
              and folder.path ^@ any(${below(reader.paths)}::text[])
              and not folder.path ^@ any(${below(except)}::text[])) as folders,
           (select string_agg(file.number::text, ',') from context_files file
            where file.tenant_id = ${tenantId} and file.repository_id = repository.id
              and file.path = any(${reader.paths}::text[])
              and not file.path ^@ any(${below(except)}::text[])) as files,
           (select string_agg(file.number::text, ',') from context_files file
            where file.tenant_id = ${tenantId} and file.repository_id = repository.id
              and file.path = any(${except}::text[])) as hidden
    from context_repositories repository
    join context_snapshots snapshot on snapshot.repository_id = repository.id
      and snapshot.tenant_id = ${tenantId} and snapshot.commit = ${commit} and snapshot.format = ${outlineVersion}
    where repository.tenant_id = ${tenantId} and repository.location = ${location}`.execute(tx)
  const [row] = rows
  return (
    row && {
      tenantId,
      repositoryId: row.id,
      commit,
      newestFile: row.newest,
      isForgotten: row.forgotten,
      folders: numbersIn(row.folders),
      files: numbersIn(row.files),
      hidden: numbersIn(row.hidden),
    }
  )
}

function numbersIn(list: string | null): ReadonlySet<number> {
  return new Set(list === null ? [] : list.split(',').map(Number))
}

/** What everything begins with that is below one of the paths. */
function below(paths: readonly string[]): readonly string[] {
  return paths.map((path) => (path === '' ? '' : `${path}/`))
}

/** Whether a path is one of those that may be read, or below one, and none of those that may not. */
export function isReadable(path: RawBuilder<unknown>, { paths, except = [] }: Reader): RawBuilder<boolean> {
  const isAmong = (some: readonly string[]): RawBuilder<boolean> =>
    sql<boolean>`(${path} ^@ any(${below(some)}::text[]) or ${path} = any(${some}::text[]))`
  return sql<boolean>`(${isAmong(paths)} and not ${isAmong(except)})`
}

/** All commits of a repository that are indexed completely. */
export async function indexedCommits(
  tx: Tx,
  { tenantId, repositoryId }: Place,
): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom('context_snapshots')
    .select('commit')
    .where('tenant_id', '=', tenantId)
    .where('repository_id', '=', repositoryId)
    .where('format', '=', outlineVersion)
    .execute()
  return new Set(rows.map(({ commit }) => commit))
}

/** Records that a commit is still of use, so that it is kept. */
export async function remember(tx: Tx, { tenantId, repositoryId, commit }: ReadableSnapshot): Promise<void> {
  await tx
    .updateTable('context_snapshots')
    .set({ asked_at: sql<Date>`now()` })
    .where('tenant_id', '=', tenantId)
    .where('repository_id', '=', repositoryId)
    .where('commit', '=', commit)
    .execute()
}
