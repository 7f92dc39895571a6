import { sql } from 'kysely'
import type { Database, Tx } from '../../store/index.ts'
import { findReadable, indexedCommits, isReadable, type ReadableSnapshot, remember } from './access.ts'
import { contextErrors } from './errors.ts'
import { historyLimit, knownCommits } from './indexing/past-commits.ts'
import { findPlace } from './indexing/place.ts'
import type { FileKind } from './kinds.ts'
import type { Reader, RepositorySource } from './ports.ts'
import { findCandidates } from './ranking/candidates.ts'
import { type IndexedCommit, Past } from './ranking/past.ts'
import { rankFiles, type RankedFile } from './ranking/rank.ts'
import { learntWeights, type Weights } from './ranking/weights.ts'
import { RecentlyUsed } from './recently-used.ts'
import { defaultMemory, type MemoryLimits, ResidentIndex } from './resident-index.ts'
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
/** Bytes of memory for the histories of commits, and what V8 needs for each commit of them. */
const memoryOfPasts = 64e6
const bytesPerPastCommit = 3_000

/**
 * Searches indexed commits. What is kept in memory is immutable, and bounded; which files of the commit a reader may
 * read is decided by the database, in every search anew.
 */
export class CodeSearch {
  readonly #database: Database
  readonly #index: ResidentIndex
  readonly #pasts = new RecentlyUsed<Past>(memoryOfPasts)

  constructor(database: Database, memory: MemoryLimits = defaultMemory) {
    this.#database = database
    this.#index = new ResidentIndex(memory)
  }

  /** Bytes of memory that are held for later searches, about. */
  get residentBytes(): Readonly<Record<string, number>> {
    return { ...this.#index.bytes, pasts: this.#pasts.bytes }
  }

  /** Files of one commit that the reader may read, best first. @throws ATL_CONTEXT_NOT_INDEXED. */
  async search(scope: TenantScope, request: SearchRequest): Promise<readonly RankedFile[]> {
    const { query, reader, kinds = ['source'], weights = learntWeights } = request
    const { snapshot, found, outlines, past } = await this.#database.transaction(
      scope,
      async (tx) => {
        const snapshot = await findReadable(tx, scope, request)
        if (snapshot === undefined)
          throw contextErrors.NOT_INDEXED({ detail: `${request.commit} of ${request.location}` })
        const files = (await this.#index.files(tx, snapshot, request.commit)).filter(
          ({ folder, number }) =>
            (snapshot.folders.has(folder) || snapshot.files.has(number)) && !snapshot.hidden.has(number),
        )
        const past = await this.#pastOf(tx, snapshot, reader)
        const terms = new Map([...[...query.glued].map((term) => [term, 0.5] as const), ...query.terms])
        const postings = await this.#index.postings(tx, snapshot, [...terms.keys()], {
          last: files.at(-1)?.number ?? 0,
          newest: snapshot.newestFile,
        })
        const also = [...pathsFrom(past, query), ...query.paths, ...(request.also ?? [])]
        const found = findCandidates(files, postings, { kinds, terms, also, limit: maxCandidates })
        const chosen = found.candidates.map(({ id }) => id)
        const outlines = await this.#index.outlines(tx, snapshot, chosen)
        return { snapshot, found, past, outlines }
      },
      // What is read in several steps belongs together, though old commits may be removed meanwhile.
      { isolation: 'repeatable read' },
    )
    if (snapshot.isForgotten) await this.#database.transaction(scope, (tx) => remember(tx, snapshot))
    return rankFiles(query, found, outlines, past, weights)
  }

  /** A commit if it is indexed completely, or else the newest one before it that is. */
  async newestIndexed(
    scope: TenantScope,
    source: RepositorySource,
    commit: string,
  ): Promise<string | undefined> {
    const { indexed, known } = await this.#database.transaction(scope, async (tx) => {
      const place = await findPlace(tx, scope.tenantId, source.location)
      if (place === undefined) return { indexed: new Set<string>(), known: new Set<string>() }
      const indexed = await indexedCommits(tx, place)
      return { indexed, known: indexed.has(commit) ? indexed : await knownCommits(tx, place) }
    })
    if (indexed.has(commit) || indexed.size === 0) return indexed.has(commit) ? commit : undefined
    const history = await source.history(commit, historyLimit, known)
    return history.find((past) => indexed.has(past.commit))?.commit
  }

  async #pastOf(tx: Tx, snapshot: ReadableSnapshot, reader: Reader): Promise<Past> {
    const { tenantId, repositoryId, commit } = snapshot
    const key = JSON.stringify([tenantId, repositoryId, commit, reader.paths, reader.except])
    const known = this.#pasts.get(key)
    if (known !== undefined) return known
    const commits = await readPast(tx, snapshot, reader)
    const past = new Past(commits)
    this.#pasts.set(key, past, commits.length * bytesPerPastCommit)
    return past
  }
}

/** Files that commits with messages like the query changed. */
function pathsFrom(past: Past, query: Query): readonly string[] {
  return [...past.similar(query.terms)]
    .toSorted((one, other) => other[1].similar - one[1].similar)
    .slice(0, maxFromPast)
    .map(([path]) => path)
}

/** The commits up to one, newest first, with those of their paths that the reader may read. */
async function readPast(
  tx: Tx,
  { tenantId, repositoryId, commit }: ReadableSnapshot,
  reader: Reader,
): Promise<readonly IndexedCommit[]> {
  // As JSON texts, because the driver reads arrays slowly.
  const { rows } = await sql<{ commit: string; committedAt: Date; terms: string; paths: string }>`
    select past.commit, past.committed_at as "committedAt", array_to_json(past.terms)::text as terms,
           array_to_json(array(select path from unnest(past.paths) as touched (path)
                               where ${isReadable(sql.ref('touched.path'), reader)}))::text as paths
    from context_snapshots snapshot, unnest(snapshot.commits) with ordinality as listed (id, place)
    join context_commits past on past.id = listed.id and past.tenant_id = ${tenantId}
    where snapshot.tenant_id = ${tenantId} and snapshot.repository_id = ${repositoryId}
      and snapshot.commit = ${commit}
    order by listed.place`.execute(tx)
  return rows.map((row) => ({
    commit: row.commit,
    committedAt: row.committedAt,
    terms: JSON.parse(row.terms) as string[],
    paths: JSON.parse(row.paths) as string[],
  }))
}
