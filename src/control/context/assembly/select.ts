import type { ChunkOutline } from '../indexing/outline.ts'
import { type RankedFile, reasonsOf } from '../ranking/rank.ts'
import { learntWeights } from '../ranking/weights.ts'

/** A chunk that may be shown. */
export interface Proposal {
  readonly file: RankedFile
  readonly chunk: ChunkOutline
  /** How well it answers the question, against the best of its file: from 0 to 1. */
  readonly fit: number
  readonly worth: number
  /** What brought it up, the strongest first. */
  readonly why: readonly string[]
}

/** How much the place of the file counts beside the place of the chunk within it. */
const fileDecay = 0.5
const chunkDecay = 0.1
/** How much being short counts: the exponent of a chunk's words by which its worth is divided. */
const density = 0.2
/** What a chunk is worth in which no word of the question occurs, against the best of its file. */
const silentChunk = 0.15
/** Words from which on chunks count as longer than others. */
const shortChunk = 10
const deepestFile = 60
const shownReasons = 4

/**
 * The constants were tried on 298 fixes of 13 repositories, for the hunks that 16,000 tokens show whole.
 *
 * Chunks of the ranked files, the most useful for their length first: chunks of the first files before others, and in
 * each file those that say what the question says.
 */
export function propose(files: readonly RankedFile[]): readonly Proposal[] {
  const best = files[0]?.score ?? 1
  const proposals = files.slice(0, deepestFile).flatMap((file, rank) => {
    const fileWorth = Math.max(0.01, file.score / Math.max(1e-9, best)) / (1 + fileDecay * rank)
    const why = reasonsOf(file, learntWeights).slice(0, shownReasons)
    const scores = new Map(file.evidence.chunks.map(({ chunk, score }) => [chunk, score]))
    const top = file.evidence.chunks[0]?.score ?? 1
    const order = new Map(file.evidence.chunks.map(({ chunk }, place) => [chunk, place]))
    return file.evidence.outline.chunks.map((chunk): Proposal => {
      const place = order.get(chunk)
      const fit = place === undefined ? 0 : (scores.get(chunk) ?? 0) / top / (1 + chunkDecay * place)
      const worth = (fileWorth * Math.max(silentChunk, fit)) / (chunk.length + shortChunk) ** density
      return { file, chunk, fit, worth, why }
    })
  })
  return proposals.toSorted((one, other) => other.worth - one.worth)
}
