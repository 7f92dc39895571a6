import { basename } from 'node:path/posix'
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
  'coverage',
  'identifiers',
  'path',
  'name',
  'definesIdentifier',
  'definesWord',
  'glued',
  'named',
  'similarCommits',
  'mostSimilarCommit',
  'recency',
  'length',
  'changedWithTop',
  'importsTop',
  'importedByTop',
  'importsRelevant',
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
    const chunks = scoreChunks(outline, query, weights, meanLength)
    const pastOfFile = similar.get(candidate.path)
    const covered = spoken.filter((term) => terms.has(term) || path.has(term))
    const features: Features = {
      file: candidate.score,
      chunk: chunks[0]?.score ?? 0,
      coverage: weights.sum(covered),
      identifiers: weights.sum([...query.identifiers].filter((term) => terms.has(term))),
      path: weights.sum(spoken.filter((term) => path.has(term))),
      name: weights.sum(namesIn(basename(candidate.path), spoken)),
      definesIdentifier: weights.sum([...query.identifiers].filter((term) => wholeNames.has(term))),
      definesWord: weights.sum(spoken.filter((term) => wholeNames.has(term))),
      glued: weights.sum([...query.glued].filter((term) => terms.has(term))),
      named: query.paths.some((named) => isNamed(candidate.path, named)) ? 1 : 0,
      similarCommits: pastOfFile?.similar ?? 0,
      mostSimilarCommit: pastOfFile?.mostSimilar ?? 0,
      recency: past.recency(candidate.path),
      length: Math.log(1 + candidate.length),
      changedWithTop: 0,
      importsTop: 0,
      importedByTop: 0,
      importsRelevant: 0,
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
  outline: OutlineView,
  query: Query,
  weights: TermWeights,
  meanLength: number,
): readonly ScoredChunk[] {
  const weightOf = new Float64Array(outline.terms.length)
  for (const term of query.terms.keys()) {
    const index = outline.termIndex.get(term)
    if (index !== undefined) weightOf[index] = weights.weight(term)
  }
  const scored = outline.chunks.flatMap((chunk, place) => {
    const named = outline.namedTerms[place]
    const relativeLength = chunk.length / meanLength
    let score = 0
    for (let index = 0; index < chunk.counts.length; index += 2) {
      const term = chunk.counts[index] ?? 0
      const weight = weightOf[term] ?? 0
      if (weight === 0) continue
      const frequency = (chunk.counts[index + 1] ?? 0) + (named?.has(term) === true ? symbolWeight : 0)
      score += weight * saturation(frequency, relativeLength, chunkK1, chunkB)
    }
    return score > 0 ? [{ chunk, score }] : []
  })
  return scored.toSorted(
    (one, other) => other.score - one.score || one.chunk.startLine - other.chunk.startLine,
  )
}

function namesIn(name: string, terms: readonly string[]): readonly string[] {
  const own = termSet(name.replace(/\.[^.]*$/, ''))
  return terms.filter((term) => own.has(term))
}

/** Whether a text that says `lib/a.js` means this file. */
function isNamed(path: string, named: string): boolean {
  return path === named || path.endsWith(`/${named}`) || named.endsWith(`/${path}`)
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
