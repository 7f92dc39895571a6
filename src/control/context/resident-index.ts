import { sql } from 'kysely'
import type { Tx } from '../../store/index.ts'
import { decodeOutline, type OutlineView } from './indexing/outline-format.ts'
import type { Place } from './indexing/place.ts'
import type { Postings } from './indexing/postings-format.ts'
import { listSegments, readPostings } from './indexing/segments.ts'
import { RecentlyUsed } from './recently-used.ts'

/** What ranking needs to know of every file. */
export interface FileRow {
  readonly number: number
  readonly folder: number
  readonly path: string
  readonly kind: string
  readonly length: number
  readonly lines: number
}

/** Postings of a term in all files with numbers up to `covers`. */
interface CoveredPostings {
  readonly covers: number
  readonly postings: Postings
}

/** Bytes of memory that each part may take. */
export interface MemoryLimits {
  readonly files: number
  readonly postings: number
  readonly outlines: number
}

export const defaultMemory: MemoryLimits = { files: 64e6, postings: 64e6, outlines: 192e6 }

/** What V8 needs for an entry beside its text or numbers; measured. */
const bytesPerFile = 200
const bytesPerTerm = 400

/**
 * Parts of the index that were read before. They are immutable and named by numbers that are never used again, so they
 * cannot be stale. Nothing here knows who may read what: callers name the files, as the database allowed them.
 */
export class ResidentIndex {
  /** By repository, and by commit; the rows are the same ones. */
  readonly #files: RecentlyUsed<Map<number, FileRow>>
  readonly #listings: RecentlyUsed<readonly FileRow[]>
  readonly #postings: RecentlyUsed<CoveredPostings>
  readonly #outlines: RecentlyUsed<OutlineView>

  constructor(limits: MemoryLimits = defaultMemory) {
    this.#files = new RecentlyUsed(limits.files * 0.75)
    this.#listings = new RecentlyUsed(limits.files * 0.25)
    this.#postings = new RecentlyUsed(limits.postings)
    this.#outlines = new RecentlyUsed(limits.outlines)
  }

  /** Bytes that are held, about. */
  get bytes(): MemoryLimits {
    return {
      files: this.#files.bytes + this.#listings.bytes,
      postings: this.#postings.bytes,
      outlines: this.#outlines.bytes,
    }
  }

  /** All files of an indexed commit, by number, whoever may read them. */
  async files(tx: Tx, place: Place, commit: string): Promise<readonly FileRow[]> {
    const key = keyOf(place, commit)
    const listing = this.#listings.get(key)
    if (listing !== undefined) return listing
    const known = this.#files.get(keyOf(place)) ?? new Map<number, FileRow>()
    const numbers = await readListing(tx, place, commit)
    const missing = numbers.filter((number) => !known.has(number))
    if (missing.length > 0) {
      for (const row of await readFiles(tx, place, missing)) known.set(row.number, row)
      this.#files.set(keyOf(place), known, known.size * bytesPerFile)
    }
    const rows = numbers.flatMap((number) => known.get(number) ?? [])
    this.#listings.set(key, rows, rows.length * 8)
    return rows
  }

  /**
   * The postings of terms in all files up to a number, and perhaps in later ones.
   * @param newest the highest number of a file that the transaction sees.
   */
  async postings(
    tx: Tx,
    place: Place,
    terms: readonly string[],
    { last, newest }: { readonly last: number; readonly newest: number },
  ): Promise<ReadonlyMap<string, Postings>> {
    const found = new Map<string, Postings>()
    const missing = new Map<number, string[]>()
    for (const term of terms) {
      const known = this.#postings.get(keyOf(place, term))
      if (known !== undefined && known.covers >= last) found.set(term, known.postings)
      else missing.set(known?.covers ?? 0, [...(missing.get(known?.covers ?? 0) ?? []), term])
    }
    if (missing.size === 0) return found
    const segments = await listSegments(tx, place)
    for (const [covers, some] of missing) {
      const added = await readPostings(tx, place, segments, some, covers)
      for (const term of some) {
        const known = this.#postings.get(keyOf(place, term))?.postings
        const postings = append(known, added.get(term))
        found.set(term, postings)
        const bytes = bytesPerTerm + postings.files.length * 8
        this.#postings.set(keyOf(place, term), { covers: newest, postings }, bytes)
      }
    }
    return found
  }

  /** The outlines of files, by their numbers. */
  async outlines(
    tx: Tx,
    place: Place,
    numbers: readonly number[],
  ): Promise<ReadonlyMap<number, OutlineView>> {
    const found = new Map<number, OutlineView>()
    const missing: number[] = []
    for (const number of numbers) {
      const known = this.#outlines.get(keyOf(place, number))
      if (known === undefined) missing.push(number)
      else found.set(number, known)
    }
    if (missing.length === 0) return found
    const { rows } = await sql<{ number: number; outline: Buffer }>`
      select file_number as number, outline from context_outlines
      where tenant_id = ${place.tenantId} and repository_id = ${place.repositoryId}
        and file_number = any(${missing}::integer[])`.execute(tx)
    for (const { number, outline } of rows) {
      const read = decodeOutline(outline)
      this.#outlines.set(keyOf(place, number), read, read.bytes)
      found.set(number, read)
    }
    return found
  }
}

function keyOf({ tenantId, repositoryId }: Place, part: string | number = ''): string {
  return `${tenantId} ${repositoryId} ${part}`
}

const none: Postings = { files: new Uint32Array(), frequencies: new Uint32Array() }

function append(known: Postings | undefined, added: Postings | undefined): Postings {
  if (known === undefined || known.files.length === 0) return added ?? none
  if (added === undefined || added.files.length === 0) return known
  return {
    files: Uint32Array.from([...known.files, ...added.files]),
    frequencies: Uint32Array.from([...known.frequencies, ...added.frequencies]),
  }
}

async function readListing(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  commit: string,
): Promise<readonly number[]> {
  const { rows } = await sql<{ numbers: string }>`
    select array_to_string(files, ',') as numbers from context_snapshots
    where tenant_id = ${tenantId} and repository_id = ${repositoryId} and commit = ${commit}`.execute(tx)
  const numbers = rows[0]?.numbers ?? ''
  return numbers === '' ? [] : numbers.split(',').map(Number)
}

async function readFiles(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  numbers: readonly number[],
): Promise<readonly FileRow[]> {
  const { rows } = await sql<FileRow>`
    select file.number, file.folder_id as folder, file.path, file.kind, file.length, file.lines
    from unnest(${numbers}::integer[]) as listed (number)
    join context_files file on file.number = listed.number
      and file.tenant_id = ${tenantId} and file.repository_id = ${repositoryId}`.execute(tx)
  return rows
}
