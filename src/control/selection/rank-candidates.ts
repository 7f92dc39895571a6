import type { Finding, Verdict } from '../../contracts/index.ts'
import { plural } from '../../kernel/index.ts'
import type { ChangeSize } from './change-size.ts'

/** A candidate change with everything that its choice rests on. */
export interface AssessedCandidate {
  readonly id: string
  readonly verdict: Verdict
  /** What reviewing it without a model found, beside the findings of the verdict. */
  readonly findings: readonly Finding[]
  readonly size: ChangeSize
  /** How good a model thinks it is, 0 … 1. It only breaks ties. */
  readonly opinion?: number
}

/** What told the chosen candidate from the next one. */
type Ground = 'the only one' | 'evidence' | 'minimality' | 'opinion' | 'order'

export interface Ranking {
  /** Accepted ones first, best first. */
  readonly ranked: readonly AssessedCandidate[]
  /** Null when the verdict accepts none. */
  readonly chosen: AssessedCandidate | null
  readonly ground: Ground | null
  /** In words, for people. */
  readonly explanation: string
}

interface Criterion {
  readonly ground: Exclude<Ground, 'the only one'>
  /** Negative if the first candidate is better. */
  readonly compare: (one: AssessedCandidate, other: AssessedCandidate) => number
  readonly says: (better: AssessedCandidate, worse: AssessedCandidate) => string
}

const severities = ['critical', 'high', 'medium'] as const

/** From what counts most to what counts least; a later one is asked only where all earlier ones are equal. */
const criteria: readonly Criterion[] = [
  {
    ground: 'evidence',
    compare: (one, other) => Number(isAccepted(other)) - Number(isAccepted(one)),
    says: () => 'its tests pass and those of the other do not',
  },
  ...severities.map((severity): Criterion => ({
    ground: 'evidence',
    compare: (one, other) => findingsOf(one, severity) - findingsOf(other, severity),
    says: (better, worse) =>
      `review has ${findingsOf(better, severity)} ${severity} findings about it and ${findingsOf(worse, severity)} about the other`,
  })),
  {
    ground: 'evidence',
    compare: (one, other) => other.verdict.fixed.length - one.verdict.fixed.length,
    says: (better, worse) =>
      `it makes ${better.verdict.fixed.length} failing tests pass and the other ${worse.verdict.fixed.length}`,
  },
  {
    ground: 'minimality',
    compare: (one, other) => one.size.tokens - other.size.tokens,
    says: (better, worse) =>
      `it changes ${better.size.tokens} tokens of code and the other ${worse.size.tokens}`,
  },
  {
    ground: 'minimality',
    compare: (one, other) => one.size.files - other.size.files,
    says: (better, worse) => `it touches ${better.size.files} files and the other ${worse.size.files}`,
  },
  {
    ground: 'minimality',
    compare: (one, other) => one.size.lines - other.size.lines,
    says: (better, worse) => `its diff has ${better.size.lines} lines and the other's ${worse.size.lines}`,
  },
  {
    ground: 'opinion',
    compare: (one, other) => opinionOf(other) - opinionOf(one),
    says: (better, worse) => `a model prefers it (${opinionOf(better)} to ${opinionOf(worse)})`,
  },
  {
    ground: 'order',
    compare: (one, other) => (one.id < other.id ? -1 : Number(one.id > other.id)),
    says: () => 'nothing tells them apart, so the first by name is taken',
  },
]

/**
 * Chooses among candidates by what was run and counted, then by how little they change. The outcome does not depend on
 * the order of the candidates, and what a model thinks decides only between candidates that are equal in everything else.
 */
export function rankCandidates(candidates: readonly AssessedCandidate[]): Ranking {
  const ranked = candidates.toSorted(compare)
  const [first, second] = ranked
  if (first === undefined)
    return { ranked, chosen: null, ground: null, explanation: 'There is no candidate.' }
  if (!isAccepted(first)) {
    const reasons = ranked.map(({ id, verdict }) => `${id}: ${verdict.reasons.join('; ')}`)
    return {
      ranked,
      chosen: null,
      ground: null,
      explanation: `None of ${plural(ranked.length, 'candidate')} is accepted. ${reasons.join('. ')}.`,
    }
  }
  const others = ranked.filter(isAccepted).length - 1
  if (second === undefined || others === 0) {
    const rejected = ranked.slice(1).map(({ id, verdict }) => ` ${id}: ${verdict.reasons.join('; ')}.`)
    return {
      ranked,
      chosen: first,
      ground: 'the only one',
      explanation: `${first.id} is the only one of ${plural(ranked.length, 'candidate')} that is accepted.${rejected.join('')}`,
    }
  }
  const criterion = decisive(first, second)
  return {
    ranked,
    chosen: first,
    ground: criterion.ground,
    explanation: `${first.id} is chosen over ${second.id}: ${criterion.says(first, second)}.`,
  }
}

function compare(one: AssessedCandidate, other: AssessedCandidate): number {
  return decisive(one, other).compare(one, other)
}

const last = criteria[criteria.length - 1] as Criterion

function decisive(one: AssessedCandidate, other: AssessedCandidate): Criterion {
  return criteria.find((criterion) => criterion.compare(one, other) !== 0) ?? last
}

function isAccepted({ verdict }: AssessedCandidate): boolean {
  return verdict.outcome === 'accepted'
}

function findingsOf({ verdict, findings }: AssessedCandidate, severity: Finding['severity']): number {
  const keys = [...verdict.findings, ...findings]
    .filter((finding) => finding.severity === severity)
    .map(({ rule, file, line, message }) => JSON.stringify([rule, file, line, message]))
  // Both look for weakened tests, and say the same then.
  return new Set(keys).size
}

function opinionOf({ opinion = 0.5 }: AssessedCandidate): number {
  return opinion
}
