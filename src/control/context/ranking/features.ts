import type { ChunkOutline } from '../indexing/outline.ts'
import { termsOfPath } from '../words/paths.ts'
import { termSet, termsOfWord } from '../words/terms.ts'
import type { Query } from '../words/query.ts'
import { inverseFrequency, saturation } from './bm25.ts'
import type { Candidate, Candidates } from './candidates.ts'
import type { OutlineView } from '../indexing/outline-format.ts'
import type { Past } from './past.ts'

/** What speaks for a file. Each is at least 0, and divided by the largest for the query before it is weighed. */
export const featureNames = [
  'file',
  'chunk',
  'chunks',
  'titleChunk',
  'chunkCoverage',
  'symbolWords',
  'coverage',
  'identifiers',
  'path',
  'titlePath',
  'scope',
  'definesIdentifier',
  'glued',
  'named',
  'framed',
  'similarCommits',
  'mostSimilarCommit',
  'recency',
  'churn',
  'changedWithTop',
  'importedByTop',
  'importedByRelevant',
] as const
export type FeatureName = (typeof featureNames)[number]
export type Features = Readonly<Record<FeatureName, number>>

/** A term of the query, and the fields of a file that have it. */
export interface TermMatch {
  readonly term: string
  readonly fields: readonly string[]
}

interface ScoredChunk {
  readonly chunk: ChunkOutline
  readonly score: number
}

/** What the chunks of a file say, the best of them for each question. */
interface ChunkFeatures {
  readonly chunk: number
  readonly chunks: number
  readonly titleChunk: number
  readonly chunkCoverage: number
  readonly symbolWords: number
}

/** A candidate with what is known of it. */
export interface Evidence {
  readonly candidate: Candidate
  readonly outline: OutlineView
  /** Best first; those without a term of the query are left out. */
  readonly chunks: readonly ScoredChunk[]
  readonly features: Features
  /** Terms of the query that the file has, the weightiest first. */
  readonly terms: readonly string[]
  /** The past commit whose message resembles the query most. */
  readonly pastCommit: string | undefined
}

const symbolWeight = 2
const chunkK1 = 1.2
const chunkB = 0.6
const severalChunks = 4

/** Weighs single terms within the files that the reader may see. */
class TermWeights {
  readonly #query: Query
  readonly #inverse: ReadonlyMap<string, number>

  constructor(query: Query, { files, documentFrequencies }: Candidates) {
    this.#query = query
    this.#inverse = new Map(
      [...documentFrequencies].map(([term, count]) => [term, inverseFrequency(files, count)] as const),
    )
  }

  /** How rare a term is; 0 when no file has it. */
  rarity(term: string): number {
    return this.#inverse.get(term) ?? 0
  }

  /** Rarity times how much the query says it. */
  weight(term: string): number {
    return this.rarity(term) * (this.#query.terms.get(term) ?? 0)
  }

  sum(terms: Iterable<string>): number {
    let sum = 0
    for (const term of terms) sum += this.rarity(term)
    return sum
  }
}

/** Looks at each candidate by itself; the features of its neighbourhood are 0 as yet. */
export function gatherEvidence(
  query: Query,
  found: Candidates,
  outlines: ReadonlyMap<number, OutlineView>,
  past: Past,
): readonly Evidence[] {
  const weights = new TermWeights(query, found)
  const similar = past.similar(query.terms)
  const spoken = [...query.terms.keys()]
  const meanLength = meanChunkLength(outlines.values())
  return found.candidates.flatMap((candidate) => {
    const outline = outlines.get(candidate.id)
    if (outline === undefined) return []
    const { termIndex: terms, wholeNames } = outline
    const path = termsOfPath(candidate.path)
    const { chunks, ofChunks } = scoreChunks(outline, query, weights, meanLength)
    const pastOfFile = similar.get(candidate.path)
    const covered = spoken.filter((term) => terms.has(term) || path.has(term))
    const features: Features = {
      file: candidate.score,
      ...ofChunks,
      coverage: weights.sum(covered),
      identifiers: weights.sum([...query.identifiers].filter((term) => terms.has(term))),
      path: weights.sum(spoken.filter((term) => path.has(term))),
      titlePath: weights.sum([...query.title].filter((term) => path.has(term))),
      scope: weights.sum([...query.scope].filter((term) => path.has(term))),
      definesIdentifier: weights.sum([...query.identifiers].filter((term) => wholeNames.has(term))),
      glued: weights.sum([...query.glued].filter((term) => terms.has(term))),
      named: naming(candidate.path, query.paths),
      framed: naming(candidate.path, query.frames),
      similarCommits: pastOfFile?.similar ?? 0,
      mostSimilarCommit: pastOfFile?.mostSimilar ?? 0,
      recency: past.recency(candidate.path),
      churn: past.churn(candidate.path),
      changedWithTop: 0,
      importedByTop: 0,
      importedByRelevant: 0,
    }
    const ordered = covered.toSorted((one, other) => weights.weight(other) - weights.weight(one))
    return [{ candidate, outline, chunks, features, terms: ordered, pastCommit: pastOfFile?.commit }]
  })
}

function meanChunkLength(outlines: Iterable<OutlineView>): number {
  let length = 0
  let count = 0
  for (const { chunks } of outlines) {
    count += chunks.length
    for (const chunk of chunks) length += chunk.length
  }
  return length / Math.max(1, count)
}

function scoreChunks(
  { chunks: all, termIndex, starts, occurrences, namedTerms }: OutlineView,
  query: Query,
  weights: TermWeights,
  meanLength: number,
): { readonly chunks: readonly ScoredChunk[]; readonly ofChunks: ChunkFeatures } {
  const scores = new Float64Array(all.length)
  const titles = new Float64Array(all.length)
  const coverages = new Float64Array(all.length)
  const symbols = new Float64Array(all.length)
  const addTo = (sums: Float64Array, place: number, gain: number): void => {
    sums[place] = (sums[place] ?? 0) + gain
  }
  for (const term of query.terms.keys()) {
    const index = termIndex.get(term)
    const weight = index === undefined ? 0 : weights.weight(term)
    if (index === undefined || weight === 0) continue
    const titleWeight = query.title.has(term) ? weights.rarity(term) : 0
    const end = starts[index + 1] ?? 0
    for (let at = starts[index] ?? 0; at < end; at += 2) {
      const place = occurrences[at] ?? 0
      const isNamed = namedTerms[place]?.has(index) === true
      const frequency = (occurrences[at + 1] ?? 0) + (isNamed ? symbolWeight : 0)
      const relativeLength = (all[place]?.length ?? 0) / meanLength
      const saturated = saturation(frequency, relativeLength, chunkK1, chunkB)
      addTo(scores, place, weight * saturated)
      addTo(titles, place, titleWeight * saturated)
      addTo(coverages, place, weight)
      if (isNamed) addTo(symbols, place, weight)
    }
  }
  const best = {
    titleChunk: highest(titles),
    chunkCoverage: highest(coverages),
    symbolWords: highest(symbols),
  }
  const scored = all.flatMap((chunk, place) => {
    const score = scores[place] ?? 0
    return score > 0 ? [{ chunk, score }] : []
  })
  const chunks = scored.toSorted(
    (one, other) => other.score - one.score || one.chunk.startLine - other.chunk.startLine,
  )
  const several = chunks
    .slice(0, severalChunks)
    .reduce((sum, { score }, place) => sum + score / (place + 1), 0)
  return { chunks, ofChunks: { chunk: chunks[0]?.score ?? 0, chunks: several, ...best } }
}

function highest(values: Float64Array): number {
  let most = 0
  for (const value of values) most = Math.max(most, value)
  return most
}

/**
 * How sure a text that names these paths means this file: fully when it says `lib/a.js` of `packages/x/lib/a.js`, in
 * part when the last two or more names of both agree, as for a path on the machine of whoever wrote it.
 */
function naming(path: string, named: readonly string[]): number {
  const own = path.split('/')
  let best = 0
  for (const other of named) {
    const parts = other.split('/').filter((part) => part !== '' && part !== '.' && part !== '..')
    let common = 0
    while (common < Math.min(own.length, parts.length) && own.at(-1 - common) === parts.at(-1 - common))
      common += 1
    if (common === 0) continue
    const whole = common === own.length || common === parts.length
    best = Math.max(best, whole ? 1 : common > 1 ? 0.7 : 0)
  }
  return best
}

const shownTerms = 8

/** In which fields of the file terms of the query are. */
export function matchesOf({ outline, candidate, terms }: Evidence): readonly TermMatch[] {
  const fields: readonly (readonly [string, ReadonlySet<string | undefined>])[] = [
    ['path', termsOfPath(candidate.path)],
    ['symbol', new Set(outline.chunks.flatMap(({ symbols }) => symbols.flatMap(termsOfWord)))],
    ['signature', termSet(outline.chunks.map(({ signature }) => signature).join('\n'))],
    ['doc', new Set(outline.chunks.flatMap(({ docTerms }) => docTerms.map((index) => outline.terms[index])))],
    ['body', new Set(outline.terms)],
  ]
  return terms.slice(0, shownTerms).map((term) => ({
    term,
    fields: fields.flatMap(([field, inField]) => (inField.has(term) ? [field] : [])),
  }))
}
