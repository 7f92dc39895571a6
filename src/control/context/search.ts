import { sql } from 'kysely'
import type { Database, Tx } from '../../store/index.ts'
import { contextErrors } from './errors.ts'
import { findPlace, type Place } from './indexing/place.ts'
import type { FileKind } from './kinds.ts'
import type { Reader } from './ports.ts'
import { findCandidates, isReadable } from './ranking/candidates.ts'
import { type OutlineView, readOutline } from './ranking/outline-view.ts'
import { type IndexedCommit, Past } from './ranking/past.ts'
import { rankFiles, type RankedFile } from './ranking/rank.ts'
import { learntWeights, type Weights } from './ranking/weights.ts'
import { RecentlyUsed } from './recently-used.ts'
import type { TenantScope } from './scope.ts'
import type { Query } from './words/query.ts'

export interface SearchRequest {
  /** The repository's location, as it was indexed. */
  readonly location: string
  /** Only files of this commit are found. */
  readonly commit: string
  readonly query: Query
  readonly reader: Reader
  /** Source code when absent. */
  readonly kinds?: readonly FileKind[]
  /** Paths that come along whatever their words are. */
  readonly also?: readonly string[]
  readonly weights?: Weights
}

/** Files that the words of the query bring up; the order of the first hundred is then made with care. */
const maxCandidates = 150
const maxFromPast = 30
const cachedOutlines = 2_000
const cachedPasts = 8

/**
 * Searches indexed commits. What is kept in memory is immutable and named by its id; what a reader may see is decided
 * by every query anew.
 */
export class CodeSearch {
  readonly #database: Database
  readonly #outlines = new RecentlyUsed<OutlineView>(cachedOutlines)
  readonly #pasts = new RecentlyUsed<Past>(cachedPasts)

  constructor(database: Database) {
    this.#database = database
  }

  /** Files of one commit that the reader may read, best first. @throws ATL_CONTEXT_NOT_INDEXED. */
  async search(scope: TenantScope, request: SearchRequest): Promise<readonly RankedFile[]> {
    return this.#database.transaction(scope, async (tx) => {
      const place = await findIndexed(tx, scope, request)
      if (place === undefined)
        throw contextErrors.NOT_INDEXED({ detail: `${request.commit} of ${request.location}` })
      const { query, reader, kinds = ['source'], weights = learntWeights } = request
      const past = await this.#pastOf(tx, place, request.commit, reader)
      const fromPast = [...past.similar(query.terms)]
        .toSorted((one, other) => other[1].similar - one[1].similar)
        .slice(0, maxFromPast)
        .map(([path]) => path)
      const found = await findCandidates(tx, place, {
        commit: request.commit,
        kinds,
        reader,
        terms: new Map([...[...query.glued].map((term) => [term, 0.5] as const), ...query.terms]),
        also: [...fromPast, ...query.paths, ...(request.also ?? [])],
        limit: maxCandidates,
      })
      const outlines = await this.#outlinesOf(
        tx,
        place,
        found.candidates.map(({ id }) => id),
      )
      return rankFiles(query, found, outlines, past, weights)
    })
  }

  /** The newest of these commits that is indexed completely. */
  async newestIndexed(
    scope: TenantScope,
    location: string,
    commits: readonly string[],
  ): Promise<string | undefined> {
    return this.#database.transaction(scope, async (tx) => {
      const place = await findPlace(tx, scope.tenantId, location)
      if (place === undefined) return undefined
      const { rows } = await sql<{ commit: string }>`
        select snapshot.commit from unnest(${commits}::text[]) with ordinality as listed (commit, place)
        join context_snapshots snapshot using (commit)
        where snapshot.tenant_id = ${place.tenantId} and snapshot.repository_id = ${place.repositoryId}
        order by listed.place limit 1`.execute(tx)
      return rows[0]?.commit
    })
  }

  async #outlinesOf(tx: Tx, place: Place, ids: readonly number[]): Promise<ReadonlyMap<number, OutlineView>> {
    const outlines = new Map<number, OutlineView>()
    const missing: number[] = []
    for (const id of ids) {
      const known = this.#outlines.get(`${place.tenantId} ${id}`)
      if (known === undefined) missing.push(id)
      else outlines.set(id, known)
    }
    if (missing.length === 0) return outlines
    const rows = await tx
      .selectFrom('context_outlines')
      .select(['file_id', 'outline'])
      .where('tenant_id', '=', place.tenantId)
      .where('file_id', '=', sql<number>`any(${missing}::integer[])`)
      .execute()
    for (const { file_id: id, outline } of rows) {
      const parsed = readOutline(outline)
      this.#outlines.set(`${place.tenantId} ${id}`, parsed)
      outlines.set(id, parsed)
    }
    return outlines
  }

  async #pastOf(tx: Tx, place: Place, commit: string, reader: Reader): Promise<Past> {
    const key = JSON.stringify([place.tenantId, place.repositoryId, commit, reader.paths, reader.except])
    const known = this.#pasts.get(key)
    if (known !== undefined) return known
    const { rows } = await sql<IndexedCommit>`
      select past.commit, past.committed_at as "committedAt", past.terms,
             array(select path from unnest(past.paths) as touched (path)
                   where ${isReadable(sql.ref('touched.path'), reader)}) as paths
      from context_snapshots snapshot, unnest(snapshot.commits) with ordinality as listed (id, place)
      join context_commits past on past.id = listed.id and past.tenant_id = ${place.tenantId}
      where snapshot.tenant_id = ${place.tenantId} and snapshot.repository_id = ${place.repositoryId}
        and snapshot.commit = ${commit}
      order by listed.place`.execute(tx)
    const past = new Past(rows)
    this.#pasts.set(key, past)
    return past
  }
}

/** The place of the repository, if the commit is indexed completely. */
async function findIndexed(
  tx: Tx,
  { tenantId }: TenantScope,
  { location, commit }: SearchRequest,
): Promise<Place | undefined> {
  const row = await tx
    .selectFrom('context_repositories as repository')
    .innerJoin('context_snapshots as snapshot', 'snapshot.repository_id', 'repository.id')
    .select('repository.id')
    .where('repository.tenant_id', '=', tenantId)
    .where('repository.location', '=', location)
    .where('snapshot.tenant_id', '=', tenantId)
    .where('snapshot.commit', '=', commit)
    .executeTakeFirst()
  return row && { tenantId, repositoryId: row.id }
}
