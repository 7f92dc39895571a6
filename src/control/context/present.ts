import { matchesOf, type TermMatch } from './ranking/features.ts'
import { type Edge, type RankedFile, reasonsOf } from './ranking/rank.ts'
import { learntWeights } from './ranking/weights.ts'

/** A file that answers a question, with the chunk that answers it best. */
export interface CodeHit {
  readonly path: string
  /** Of the chunk; from 1, both included. The whole file when only its surroundings speak for it. */
  readonly startLine: number
  readonly endLine: number
  readonly symbols: readonly string[]
  readonly signature: string
  readonly score: number
  readonly why: {
    /** What contributed to the score, the most first. */
    readonly features: readonly { readonly name: string; readonly contribution: number }[]
    /** Terms of the question, and where in the file they are. */
    readonly terms: readonly TermMatch[]
    /** Files that rank high and lead here. */
    readonly edges: readonly Edge[]
    /** A past commit with a similar message that changed the file. */
    readonly pastCommit: string | null
  }
}

/** A ranked file as clients see it. */
export function presentHit(file: RankedFile): CodeHit {
  const chunk = file.evidence.chunks[0]?.chunk
  return {
    path: file.path,
    startLine: chunk?.startLine ?? 1,
    endLine: chunk?.endLine ?? Math.max(1, file.evidence.candidate.lines),
    symbols: chunk?.symbols ?? [],
    signature: chunk?.signature ?? '',
    score: round(file.score),
    why: {
      features: reasonsOf(file, learntWeights).map((name) => ({
        name,
        contribution: round(file.features[name] * learntWeights[name]),
      })),
      terms: matchesOf(file.evidence),
      edges: file.edges(),
      pastCommit: file.evidence.pastCommit ?? null,
    },
  }
}

function round(value: number): number {
  return Number(value.toFixed(3))
}
