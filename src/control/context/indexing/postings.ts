import { sql } from 'kysely'
import type { Tx } from '../../../store/index.ts'
import type { Place } from './place.ts'

/** Segments from which on they are merged: a query looks into each. */
const maxSegments = 48
const maxFrequency = 32_767

/** Takes the next segment's number; until the transaction ends, nobody else changes this repository's postings. */
export async function takeSegment(tx: Tx, { tenantId, repositoryId }: Place): Promise<number> {
  const { segments } = await tx
    .updateTable('context_repositories')
    .set((expression) => ({ segments: expression('segments', '+', 1) }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', repositoryId)
    .returning('segments')
    .executeTakeFirstOrThrow()
  return segments
}

/** Stores which of the files have which terms. */
export async function insertPostings(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  segment: number,
  files: readonly { readonly id: number; readonly frequencies: ReadonlyMap<string, number> }[],
): Promise<void> {
  const lists = new Map<string, { readonly ids: number[]; readonly frequencies: number[] }>()
  for (const { id, frequencies } of files) {
    for (const [term, frequency] of frequencies) {
      let list = lists.get(term)
      if (list === undefined) lists.set(term, (list = { ids: [], frequencies: [] }))
      list.ids.push(id)
      list.frequencies.push(Math.min(frequency, maxFrequency))
    }
  }
  // PostgreSQL has no arrays of arrays of different lengths, so the inner ones travel as text.
  const ids = [...lists.values()].map((list) => `{${list.ids.join(',')}}`)
  const frequencies = [...lists.values()].map((list) => `{${list.frequencies.join(',')}}`)
  await sql`
    insert into context_postings (tenant_id, repository_id, term, segment, files, frequencies)
    select ${tenantId}, ${repositoryId}, term, ${segment}, files::integer[], frequencies::smallint[]
    from unnest(${[...lists.keys()]}::text[], ${ids}::text[], ${frequencies}::text[]) as list (term, files, frequencies)
    order by term`.execute(tx)
}

/** Puts all segments into one when there are many. */
export async function mergeSegments(tx: Tx, { tenantId, repositoryId }: Place): Promise<void> {
  const repository = await tx
    .selectFrom('context_repositories')
    .select(['segments', 'merged_segment'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', repositoryId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (repository.segments - repository.merged_segment < maxSegments) return
  const segment = repository.segments + 1
  await sql`
    with merged as (
      delete from context_postings where tenant_id = ${tenantId} and repository_id = ${repositoryId} returning *
    )
    insert into context_postings (tenant_id, repository_id, term, segment, files, frequencies)
    select ${tenantId}, ${repositoryId}, merged.term, ${segment},
           array_agg(posting.file order by posting.file), array_agg(posting.frequency order by posting.file)
    from merged, unnest(merged.files, merged.frequencies) as posting (file, frequency)
    group by merged.term order by merged.term`.execute(tx)
  await tx
    .updateTable('context_repositories')
    .set({ segments: segment, merged_segment: segment })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', repositoryId)
    .execute()
}
