import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import type { Tx } from '../../../store/index.ts'
import type { Place } from '../indexing/place.ts'
import type { FileKind } from '../kinds.ts'
import type { Reader } from '../ports.ts'

/** A file that may be what is looked for. */
export interface Candidate {
  readonly id: number
  readonly path: string
  readonly length: number
  readonly lines: number
  /** BM25F over all its fields. */
  readonly score: number
}

/** The files a query is about, as far as the reader may read them, and the best of them. */
export interface Candidates {
  readonly candidates: readonly Candidate[]
  /** Readable files of these kinds. */
  readonly files: number
  /** How many of them have each term. */
  readonly documentFrequencies: ReadonlyMap<string, number>
}

export interface CandidateRequest {
  readonly commit: string
  readonly kinds: readonly FileKind[]
  readonly reader: Reader
  /** With their weights in the query. */
  readonly terms: ReadonlyMap<string, number>
  /** Paths that come along whatever their words are. */
  readonly also: readonly string[]
  readonly limit: number
}

/** Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009; the values were measured on fix commits. */
const k1 = 1.6
const b = 0.5

/** Whether a path is one of those that may be read, or below one, and none of those that may not. */
export function isReadable(path: RawBuilder<unknown>, { paths, except = [] }: Reader): RawBuilder<boolean> {
  const isBelow = (folders: readonly string[]): RawBuilder<boolean> => sql<boolean>`exists (
    select from unnest(${folders}::text[]) as folder (path)
    where folder.path = '' or ${path} = folder.path or starts_with(${path}, folder.path || '/'))`
  return except.length === 0 ? isBelow(paths) : sql<boolean>`(${isBelow(paths)} and not ${isBelow(except)})`
}

/**
 * Ranks the files of one commit in the database. What may not be read takes no part: neither as a candidate, nor in the
 * statistics that weigh the terms, so that nothing about it can be inferred.
 */
export async function findCandidates(tx: Tx, place: Place, request: CandidateRequest): Promise<Candidates> {
  const { tenantId, repositoryId } = place
  const terms = [...request.terms.keys()]
  const weights = [...request.terms.values()]
  // The database cannot foresee how long the lists are and would go through one for each element of another.
  await sql`select set_config('enable_nestloop', 'off', true)`.execute(tx)
  const { rows } = await sql<{
    files: number
    frequencies: Record<string, number> | null
    candidates: Candidate[] | null
  }>`
    with readable as materialized (
      select file.id, file.path, file.length, file.lines
      from context_snapshots snapshot, unnest(snapshot.files) as listed (id), context_files file
      where snapshot.tenant_id = ${tenantId} and snapshot.repository_id = ${repositoryId}
        and snapshot.commit = ${request.commit}
        and file.tenant_id = ${tenantId} and file.repository_id = ${repositoryId} and file.id = listed.id
        and file.kind = any(${request.kinds}::text[]) and ${isReadable(sql.ref('file.path'), request.reader)}
    ),
    total as materialized (select count(*)::float8 as files, avg(length)::float8 as length from readable),
    hit as materialized (
      select posting.term, one.id, one.frequency::float8 as frequency, readable.length
      from context_postings posting, unnest(posting.files, posting.frequencies) as one (id, frequency), readable
      where posting.tenant_id = ${tenantId} and posting.repository_id = ${repositoryId}
        and posting.term = any(${terms}::text[]) and readable.id = one.id
    ),
    frequency as materialized (select term, count(*)::integer as files from hit group by term),
    weight as materialized (
      select frequency.term, query.weight
        * ln(1 + ((select files from total) - frequency.files + 0.5) / (frequency.files + 0.5)) as weight
      from frequency join unnest(${terms}::text[], ${weights}::float8[]) as query (term, weight) using (term)
    ),
    scored as materialized (
      select hit.id, sum(weight.weight * hit.frequency * ${k1 + 1}::float8
        / (hit.frequency + ${k1}::float8
           * (${1 - b}::float8 + ${b}::float8 * hit.length / (select length from total)))) as score
      from hit join weight using (term) group by hit.id
    ),
    chosen as (
      (select id from scored join readable using (id) order by score desc, path limit ${request.limit})
      union
      select id from readable where path = any(${request.also}::text[])
    )
    select (select files from total)::integer as files,
           (select jsonb_object_agg(term, files) from frequency) as frequencies,
           (select jsonb_agg(jsonb_build_object('id', id, 'path', path, 'length', length, 'lines', lines,
                                                'score', coalesce(score, 0)) order by score desc nulls last, path)
            from chosen join readable using (id) left join scored using (id)) as candidates
  `.execute(tx)
  const [row] = rows
  return {
    candidates: row?.candidates ?? [],
    files: row?.files ?? 0,
    documentFrequencies: new Map(Object.entries(row?.frequencies ?? {})),
  }
}
