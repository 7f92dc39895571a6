import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../store/index.ts'
import { outlineVersion } from './indexing/outline.ts'
import type { Place } from './indexing/place.ts'
import type { Reader } from './ports.ts'

/** A commit that is indexed completely. */
export interface IndexedSnapshot extends Place {
  readonly commit: string
  /** The highest number of a file of the repository that the transaction sees. */
  readonly newestFile: number
  /** Whether it was not searched for a day or more, as far as is recorded. */
  readonly isForgotten: boolean
}

/** Finds a commit, if it is indexed completely. */
export async function findSnapshot(
  tx: Tx,
  { tenantId }: Pick<Place, 'tenantId'>,
  { location, commit }: { readonly location: string; readonly commit: string },
): Promise<IndexedSnapshot | undefined> {
  // The planner cannot foresee how long the lists of files are and would go through one for each element of another.
  const { rows } = await sql<{ id: number; files: number; forgotten: boolean }>`
    select repository.id, repository.files, snapshot.asked_at < now() - interval '1 day' as forgotten,
           set_config('enable_nestloop', 'off', true)
    from context_repositories repository
    join context_snapshots snapshot on snapshot.repository_id = repository.id
      and snapshot.tenant_id = ${tenantId} and snapshot.commit = ${commit} and snapshot.format = ${outlineVersion}
    where repository.tenant_id = ${tenantId} and repository.location = ${location}`.execute(tx)
  const [row] = rows
  return row && { tenantId, repositoryId: row.id, commit, newestFile: row.files, isForgotten: row.forgotten }
}

/** Records that a commit is still of use, so that it is kept. */
export async function remember(tx: Tx, { tenantId, repositoryId, commit }: IndexedSnapshot): Promise<void> {
  await tx
    .updateTable('context_snapshots')
    .set({ asked_at: sql<Date>`now()` })
    .where('tenant_id', '=', tenantId)
    .where('repository_id', '=', repositoryId)
    .where('commit', '=', commit)
    .execute()
}

/** Whether a path is one of those that may be read, or below one. */
export function isReadable(path: RawBuilder<unknown>, { paths }: Reader): RawBuilder<boolean> {
  const folders = paths.map((allowed) => (allowed === '' ? '' : `${allowed}/`))
  return sql<boolean>`(${path} ^@ any(${folders}::text[]) or ${path} = any(${paths}::text[]))`
}

/** Numbers of the files of a commit that a reader may read. Everything a search looks at goes through here. */
export async function readableFiles(
  tx: Tx,
  { tenantId, repositoryId, commit }: IndexedSnapshot,
  reader: Reader,
): Promise<Uint32Array> {
  const { rows } = await sql<{ numbers: string | null }>`
    select string_agg(file.number::text, ',' order by file.number) as numbers
    from context_snapshots snapshot, unnest(snapshot.files) as listed (number), context_files file
    where snapshot.tenant_id = ${tenantId} and snapshot.repository_id = ${repositoryId} and snapshot.commit = ${commit}
      and file.tenant_id = ${tenantId} and file.repository_id = ${repositoryId} and file.number = listed.number
      and ${isReadable(sql.ref('file.path'), reader)}`.execute(tx)
  const numbers = rows[0]?.numbers ?? null
  return numbers === null ? new Uint32Array() : Uint32Array.from(numbers.split(','), Number)
}
