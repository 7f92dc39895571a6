import { sql } from 'kysely'
import type { Tx } from '../../../store/index.ts'
import { asBuffer } from './byte-stream.ts'
import type { Place } from './place.ts'
import {
  blockOf,
  decodeBlock,
  encodeBlock,
  type EncodedPostings,
  filterPostings,
  joinPostings,
  type Postings,
} from './postings-format.ts'

/** Postings of files with the numbers from `firstFile` to `lastFile`. */
export interface Segment {
  readonly segment: number
  readonly firstFile: number
  readonly lastFile: number
  /** How many files it was made of. */
  readonly files: number
  readonly postings: number
  readonly blocks: number
}

/** Neighbours of one order of magnitude from which on they are merged: a query looks into each. */
const mergedAtOnce = 16
/** Blocks that are written or merged at once, to bound memory. */
const blocksAtOnce = 512

/** All segments of a repository, in the order of their files. */
export async function listSegments(tx: Tx, { tenantId, repositoryId }: Place): Promise<readonly Segment[]> {
  const rows = await tx
    .selectFrom('context_segments')
    .select(['segment', 'first_file as firstFile', 'last_file as lastFile', 'files', 'postings', 'blocks'])
    .where('tenant_id', '=', tenantId)
    .where('repository_id', '=', repositoryId)
    .orderBy('first_file')
    .execute()
  return rows
}

/** Stores postings as a segment. The caller has locked the repository by taking the numbers of the files. */
export async function storeSegment(
  tx: Tx,
  place: Place,
  range: Pick<Segment, 'firstFile' | 'lastFile' | 'files'>,
  { postings, blocks, contents }: EncodedPostings,
): Promise<void> {
  const segment = await insertSegment(tx, place, { ...range, postings, blocks })
  const rows = contents.map(([block, content]) => ({ block, content: asBuffer(content) }))
  await insertBlocks(tx, place, segment, rows)
}

async function insertSegment(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  { firstFile, lastFile, files, postings, blocks }: Omit<Segment, 'segment'>,
): Promise<number> {
  const { segments: segment } = await tx
    .updateTable('context_repositories')
    .set((expression) => ({ segments: expression('segments', '+', 1) }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', repositoryId)
    .returning('segments')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('context_segments')
    .values({
      tenant_id: tenantId,
      repository_id: repositoryId,
      segment,
      first_file: firstFile,
      last_file: lastFile,
      files,
      postings,
      blocks,
    })
    .execute()
  return segment
}

async function insertBlocks(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  segment: number,
  rows: readonly { readonly block: number; readonly content: Buffer }[],
): Promise<void> {
  for (let first = 0; first < rows.length; first += blocksAtOnce) {
    const some = rows.slice(first, first + blocksAtOnce)
    await sql`
      insert into context_blocks (tenant_id, repository_id, segment, block, content)
      select ${tenantId}, ${repositoryId}, ${segment}, block, content
      from unnest(${some.map(({ block }) => block)}::integer[], ${some.map(({ content }) => content)}::bytea[])
        as new (block, content)`.execute(tx)
  }
}

/** The postings of terms in files whose numbers are greater than `after`, by term. */
export async function readPostings(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  segments: readonly Segment[],
  terms: readonly string[],
  after: number,
): Promise<ReadonlyMap<string, Postings>> {
  const wanted = new Set(terms)
  const places = segments
    .filter(({ lastFile }) => lastFile > after)
    .flatMap(({ segment, blocks }) =>
      [...new Set(terms.map((term) => blockOf(term, blocks)))].map((block) => ({ segment, block })),
    )
  if (places.length === 0) return new Map()
  const { rows } = await sql<{ content: Buffer; firstFile: number }>`
    select stored.content, segment.first_file as "firstFile"
    from unnest(${places.map(({ segment }) => segment)}::integer[], ${places.map(({ block }) => block)}::integer[])
      as listed (segment, block)
    join context_blocks stored using (segment, block)
    join context_segments segment using (tenant_id, repository_id, segment)
    where stored.tenant_id = ${tenantId} and stored.repository_id = ${repositoryId}
    order by segment.first_file`.execute(tx)
  const found = rows.flatMap(({ content, firstFile }) => [
    ...decodeBlock(content, firstFile, (term) => wanted.has(term)),
  ])
  return new Map(
    [...Map.groupBy(found, ([term]) => term)].map(([term, parts]) => [
      term,
      filterPostings(joinPostings(parts.map(([, postings]) => postings)), (file) => file > after),
    ]),
  )
}

/**
 * The newest segments that should become one: so many of one order of magnitude, with what smaller ones are among them.
 * So each posting is written again at most once for each order of magnitude.
 */
export function segmentsToMerge(segments: readonly Segment[]): readonly Segment[] {
  const orders = segments.map(({ postings }) => Math.floor(Math.log(postings + 1) / Math.log(mergedAtOnce)))
  for (const order of [...new Set(orders)].sort((one, other) => one - other)) {
    const start = orders.findLastIndex((other) => other > order) + 1
    const ofOrder = orders.slice(start).filter((other) => other === order).length
    if (ofOrder >= mergedAtOnce) return segments.slice(start)
  }
  return []
}

/** Writes segments again as one, without the postings of files that are gone. The caller has locked the repository. */
export async function mergeSegments(tx: Tx, place: Place, merged: readonly Segment[]): Promise<void> {
  const [firstFile, lastFile] = [merged[0]?.firstFile ?? 0, merged.at(-1)?.lastFile ?? 0]
  const living = await filesBetween(tx, place, firstFile, lastFile)
  const postings = merged.reduce((sum, segment) => sum + segment.postings, 0)
  const blocks = 2 ** Math.round(Math.log2(merged.reduce((sum, segment) => sum + segment.blocks, 0)))
  const next = { firstFile, lastFile, files: living.size, postings, blocks }
  const segment = living.size === 0 ? undefined : await insertSegment(tx, place, next)
  let kept = 0
  const parts = Math.max(Math.min(...merged.map((old) => old.blocks)), blocks / blocksAtOnce)
  for (let part = 0; segment !== undefined && part < parts; part += 1) {
    const lists = await readBlocks(tx, place, merged, { blocks, parts, part })
    const rows = [...lists].flatMap(([block, terms]) => {
      const entries = [...terms]
        .map(
          ([term, parts]) => [term, filterPostings(joinPostings(parts), (file) => living.has(file))] as const,
        )
        .filter(([, { files }]) => files.length > 0)
      for (const [, { files }] of entries) kept += files.length
      return entries.length === 0 ? [] : [{ block, content: encodeBlock(entries, firstFile) }]
    })
    await insertBlocks(tx, place, segment, rows)
  }
  await tx
    .deleteFrom('context_segments')
    .where('tenant_id', '=', place.tenantId)
    .where('repository_id', '=', place.repositoryId)
    .where(
      'segment',
      'in',
      merged.map((old) => old.segment),
    )
    .execute()
  if (segment === undefined) return
  await tx
    .updateTable('context_segments')
    .set({ postings: kept })
    .where('tenant_id', '=', place.tenantId)
    .where('repository_id', '=', place.repositoryId)
    .where('segment', '=', segment)
    .execute()
}

async function filesBetween(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  first: number,
  last: number,
): Promise<ReadonlySet<number>> {
  const rows = await tx
    .selectFrom('context_files')
    .select('number')
    .where('tenant_id', '=', tenantId)
    .where('repository_id', '=', repositoryId)
    .where('number', '>=', first)
    .where('number', '<=', last)
    .execute()
  return new Set(rows.map(({ number }) => number))
}

/**
 * Postings of one part of the terms, by the block of a segment with so many blocks. Blocks whose numbers agree modulo
 * `parts`, a power of two, hold the same terms in every segment, so they are read together, and each once.
 */
async function readBlocks(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  segments: readonly Segment[],
  { blocks, parts, part }: { readonly blocks: number; readonly parts: number; readonly part: number },
): Promise<ReadonlyMap<number, ReadonlyMap<string, readonly Postings[]>>> {
  const { rows } = await sql<{ content: Buffer; firstFile: number }>`
    select stored.content, segment.first_file as "firstFile"
    from context_segments segment
    cross join lateral generate_series(
      ${part}::integer & (least(segment.blocks, ${parts}::integer) - 1),
      segment.blocks - 1, least(segment.blocks, ${parts}::integer)) as wanted (block)
    join context_blocks stored using (tenant_id, repository_id, segment, block)
    where segment.tenant_id = ${tenantId} and segment.repository_id = ${repositoryId}
      and segment.segment = any(${segments.map(({ segment }) => segment)}::integer[])
    order by segment.first_file`.execute(tx)
  const lists = new Map<number, Map<string, Postings[]>>()
  for (const { content, firstFile } of rows) {
    for (const [term, postings] of decodeBlock(content, firstFile, () => true)) {
      const block = blockOf(term, blocks)
      if ((block & (parts - 1)) !== part) continue
      const terms = lists.get(block) ?? new Map<string, Postings[]>()
      lists.set(block, terms)
      const same = terms.get(term)
      if (same === undefined) terms.set(term, [postings])
      else same.push(postings)
    }
  }
  return lists
}
