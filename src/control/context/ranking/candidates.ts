import type { Postings } from '../indexing/postings-format.ts'
import type { FileKind } from '../kinds.ts'
import type { FileRow } from '../resident-index.ts'
import { inverseFrequency } from './bm25.ts'

/** A file that may be what is looked for. */
export interface Candidate {
  /** Its number within the repository's index. */
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
  readonly kinds: readonly FileKind[]
  /** With their weights in the query. */
  readonly terms: ReadonlyMap<string, number>
  /** Paths that come along whatever their words are. */
  readonly also: readonly string[]
  readonly limit: number
}

/** Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009; the values were measured on fix commits. */
const k1 = 1.6
const b = 0.5

/**
 * Ranks files that may be read. What may not be read takes no part: neither as a candidate, nor in the statistics that
 * weigh the terms, so that nothing about it can be inferred.
 *
 * @param readable all files of the commit that the reader may read, as the database said.
 * @param postings of the terms, which may tell of other files too.
 */
export function findCandidates(
  readable: readonly FileRow[],
  postings: ReadonlyMap<string, Postings>,
  { kinds, terms, also, limit }: CandidateRequest,
): Candidates {
  const wanted = new Set<string>(kinds)
  const files = readable.filter(({ kind }) => wanted.has(kind))
  const { scores, documentFrequencies } = scoreFiles(files, postings, terms)
  const alsoPaths = new Set(also)
  const hits = files.filter(({ number }) => (scores[number] ?? 0) > 0)
  const least = leastOfBest(
    Float64Array.from(hits, ({ number }) => scores[number] ?? 0),
    limit,
  )
  const inOrder = (one: FileRow, other: FileRow): number =>
    (scores[other.number] ?? 0) - (scores[one.number] ?? 0) || (one.path < other.path ? -1 : 1)
  const best = hits
    .filter(({ number }) => (scores[number] ?? 0) >= least)
    .sort(inOrder)
    .slice(0, limit)
  const asked = alsoPaths.size === 0 ? [] : files.filter(({ path }) => alsoPaths.has(path))
  const chosen = [...new Set([...best, ...asked])].sort(inOrder)
  return {
    candidates: chosen.map(({ number, path, length, lines }) => ({
      id: number,
      path,
      length,
      lines,
      score: scores[number] ?? 0,
    })),
    files: files.length,
    documentFrequencies,
  }
}

/** Scores by the number of the file, 0 for those without any of the terms. */
function scoreFiles(
  files: readonly FileRow[],
  postings: ReadonlyMap<string, Postings>,
  terms: ReadonlyMap<string, number>,
): { readonly scores: Float64Array; readonly documentFrequencies: ReadonlyMap<string, number> } {
  const meanLength = files.reduce((sum, { length }) => sum + length, 0) / Math.max(1, files.length)
  const last = files.reduce((most, { number }) => Math.max(most, number), 0)
  // What a frequency is compared with in each file; 0 marks files that take no part.
  const norms = new Float64Array(last + 1)
  for (const { number, length } of files)
    norms[number] = k1 * (1 - b + (b * length) / Math.max(1, meanLength))
  const scores = new Float64Array(last + 1)
  const documentFrequencies = new Map<string, number>()
  for (const [term, queryWeight] of terms) {
    const list = postings.get(term)
    if (list === undefined) continue
    const count = countTaking(list.files, norms)
    if (count === 0) continue
    documentFrequencies.set(term, count)
    const weight = queryWeight * inverseFrequency(files.length, count) * (k1 + 1)
    addScores(list, norms, weight, scores)
  }
  return { scores, documentFrequencies }
}

function countTaking(files: Uint32Array, norms: Float64Array): number {
  let count = 0
  for (const number of files) if ((norms[number] ?? 0) > 0) count += 1
  return count
}

function addScores(
  { files, frequencies }: Postings,
  norms: Float64Array,
  weight: number,
  scores: Float64Array,
): void {
  for (let index = 0; index < files.length; index += 1) {
    const number = files[index] ?? 0
    const norm = norms[number] ?? 0
    if (norm === 0) continue
    const frequency = frequencies[index] ?? 0
    scores[number] = (scores[number] ?? 0) + (weight * frequency) / (frequency + norm)
  }
}

/** The lowest of the `limit` highest values. */
function leastOfBest(values: Float64Array, limit: number): number {
  return values.length <= limit ? 0 : (values.sort()[values.length - limit] ?? 0)
}
