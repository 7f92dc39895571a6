import { sql } from 'kysely'
import type { Tx } from '../../../store/index.ts'
import type { SourceFile } from '../ports.ts'
import type { SnapshotReport } from '../tables.ts'
import { asBuffer } from './byte-stream.ts'
import { outlineVersion } from './outline.ts'
import type { Place } from './place.ts'
import type { PreparedBatch, PreparedFile } from './prepare.ts'
import { storeSegment } from './segments.ts'

/** What was made of an entry: a link has the same content as a file that says where the link leads. */
function blobOf({ objectId, kind }: SourceFile): string {
  return kind === 'link' || kind === 'submodule' ? `${kind}:${objectId}` : `${outlineVersion}:${objectId}`
}

/** The folder of a file, with a slash at the end; empty for the top. */
function folderOf({ entry: { path } }: PreparedFile): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** Numbers of those files that are stored, by path. */
export async function findFiles(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  files: readonly SourceFile[],
): Promise<ReadonlyMap<string, number>> {
  if (files.length === 0) return new Map()
  const { rows } = await sql<{ path: string; number: number }>`
    select file.path, file.number
    from unnest(${files.map(({ path }) => path)}::text[], ${files.map(blobOf)}::text[]) as listed (path, blob)
    join context_files file on file.path = listed.path and file.blob = listed.blob
      and file.tenant_id = ${tenantId} and file.repository_id = ${repositoryId}`.execute(tx)
  return new Map(rows.map(({ path, number }) => [path, number]))
}

/** Numbers of the files at some paths, among files with given numbers. */
export async function numbersAt(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  paths: readonly string[],
  among: ReadonlySet<number>,
): Promise<readonly number[]> {
  if (paths.length === 0) return []
  const rows = await tx
    .selectFrom('context_files')
    .select('number')
    .where('tenant_id', '=', tenantId)
    .where('repository_id', '=', repositoryId)
    .where('path', '=', sql<string>`any(${paths}::text[])`)
    .execute()
  return rows.map(({ number }) => number).filter((number) => among.has(number))
}

/** Stores files with their postings; those that another process has stored meanwhile are left as they are. */
export async function storeFiles(tx: Tx, place: Place, { files, postings }: PreparedBatch): Promise<void> {
  const { tenantId, repositoryId } = place
  // Whoever changes the row has the repository's numbers and postings to himself until the transaction ends.
  const { files: lastFile } = await tx
    .updateTable('context_repositories')
    .set((expression) => ({ files: expression('files', '+', files.length) }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', repositoryId)
    .returning('files')
    .executeTakeFirstOrThrow()
  const firstFile = lastFile - files.length + 1
  const column = <T>(read: (file: PreparedFile) => T): T[] => files.map(read)
  await sql`
    insert into context_folders (tenant_id, repository_id, path)
    select ${tenantId}, ${repositoryId}, new.path
    from unnest(${[...new Set(column(folderOf))].sort()}::text[]) as new (path)
    on conflict do nothing`.execute(tx)
  const { rows } = await sql<{ number: number }>`
    insert into context_files
      (tenant_id, repository_id, number, folder_id, path, blob, kind, language, outcome, lines, length)
    select ${tenantId}, ${repositoryId}, new.number, folder.id, new.path, blob, kind, language, outcome, lines, length
    from unnest(
      ${files.map((_, index) => firstFile + index)}::integer[], ${column(folderOf)}::text[],
      ${column(({ entry }) => entry.path)}::text[], ${column(({ entry }) => blobOf(entry))}::text[],
      ${column(({ kind }) => kind)}::text[], ${column(({ language }) => language)}::text[],
      ${column(({ outcome }) => outcome)}::text[], ${column(({ lines }) => lines)}::integer[],
      ${column(({ length }) => length)}::integer[]
    ) as new (number, folder, path, blob, kind, language, outcome, lines, length)
    join context_folders folder on folder.path = new.folder
      and folder.tenant_id = ${tenantId} and folder.repository_id = ${repositoryId}
    on conflict do nothing returning number`.execute(tx)
  if (rows.length === 0) return
  const numbers = rows.map(({ number }) => number)
  const outlines = numbers.map((number) => asBuffer(files[number - firstFile]?.outline ?? new Uint8Array()))
  await sql`
    insert into context_outlines (tenant_id, repository_id, file_number, outline)
    select ${tenantId}, ${repositoryId}, new.* from unnest(${numbers}::integer[], ${outlines}::bytea[]) as new`.execute(
    tx,
  )
  // Postings of numbers that no file got in the end are never looked at.
  await storeSegment(tx, place, { firstFile, lastFile, files: rows.length }, postings)
}

/** What files come to. */
export async function summarise(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  numbers: readonly number[],
): Promise<SnapshotReport> {
  if (numbers.length === 0) return { lines: 0, outcomes: {} }
  const { rows } = await sql<{ outcome: string; files: number; lines: number }>`
    select file.outcome, count(*)::integer as files, sum(file.lines)::integer as lines
    from unnest(${numbers}::integer[]) as listed (number)
    join context_files file on file.number = listed.number
      and file.tenant_id = ${tenantId} and file.repository_id = ${repositoryId}
    group by file.outcome`.execute(tx)
  return {
    lines: rows.reduce((sum, { lines }) => sum + lines, 0),
    outcomes: Object.fromEntries(rows.map(({ outcome, files }) => [outcome, files])),
  }
}

/** Of a commit that differs from another by some files. */
export function addUp(base: SnapshotReport, gone: SnapshotReport, added: SnapshotReport): SnapshotReport {
  const names = [...new Set([...Object.keys(base.outcomes), ...Object.keys(added.outcomes)])].sort()
  const outcomes = names
    .map((name) => {
      const of = (report: SnapshotReport): number => report.outcomes[name] ?? 0
      return [name, of(base) - of(gone) + of(added)] as const
    })
    .filter(([, files]) => files > 0)
  return { lines: base.lines - gone.lines + added.lines, outcomes: Object.fromEntries(outcomes) }
}
