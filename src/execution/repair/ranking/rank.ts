import type { Vocabulary } from '../evidence/index.ts'
import type { CandidateOutcome, RankedCandidate, Ranker, RepairProblem } from '../model.ts'
import { behavioursOf, kindsOfBehaviour } from './behaviour.ts'
import { featuresOf } from './features.ts'
import type { Features } from './features.ts'

/** How much each feature speaks for a candidate, in log-odds. */
const weights: Readonly<Record<Exclude<keyof Features, 'prior'>, number>> = {
  small: 0.7,
  idiomatic: 0.6,
  spoken: 0.9,
  destructive: -1.2,
  overfitted: -2.5,
  agreed: 0.6,
  guarded: 0.8,
  answersCrash: 0.6,
}

const priorWeight = 0.8
/** Log-odds of a plausible candidate of which nothing more is known. */
const base = 0.6
/** What every doubling of the number of plausible candidates costs: one of them must be wrong. */
const crowding = 0.25

const words: Readonly<Record<keyof Features, readonly [high: string, low: string]>> = {
  prior: [
    'edits like this at such a place are often right',
    'edits like this at such a place are seldom right',
  ],
  small: ['it is a small change', 'it is a large change'],
  idiomatic: ['it uses names that the file already uses', 'it brings in names that the file does not use'],
  spoken: ['it uses what the failing tests speak of', ''],
  destructive: ['it takes code away', ''],
  overfitted: ['it compares with a value that stands in the tests', ''],
  agreed: ['other plausible edits change the same place', 'other plausible edits change other places'],
  guarded: ['many passing tests execute what it changes', 'no passing test executes what it changes'],
  answersCrash: ['it tests for what the crash says is missing', ''],
}

/** Orders plausible candidates by how likely they are what the maintainers would have written. */
export function createRanker(
  { sources, spectrum }: Pick<RepairProblem, 'sources' | 'spectrum'>,
  vocabulary: Vocabulary,
): Ranker {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  return {
    rank(plausible, observation = null) {
      const behaviours = observation === null ? null : behavioursOf(observation)
      const kinds = observation === null ? 0 : kindsOfBehaviour(observation)
      const scored = plausible.map((outcome) => {
        const features = featuresOf(outcome.candidate, plausible, byPath, vocabulary, spectrum)
        return { outcome, features, score: scoreOf(features, outcome) }
      })
      scored.sort(
        (left, right) => right.score - left.score || left.outcome.candidate.id - right.outcome.candidate.id,
      )
      const doubt = crowding * Math.log2(Math.max(1, plausible.length))
      return scored.map(({ outcome, features, score }, position): RankedCandidate => {
        const logOdds = score - doubt - Math.min(1, position * 0.15)
        return {
          candidate: outcome.candidate,
          confidence: 1 / (1 + Math.exp(-logOdds)),
          features: {
            ...features,
            score,
            position,
            plausible: plausible.length,
            kinds,
            ...behaviours?.get(outcome.candidate.id),
          },
          reasons: reasonsOf(features, plausible.length),
        }
      })
    },
  }
}

function scoreOf(features: Features, outcome: CandidateOutcome): number {
  let score = base + priorWeight * (1 + Math.log10(Math.max(1e-4, features.prior)) / 1.5)
  for (const name of Object.keys(weights) as (keyof typeof weights)[]) score += weights[name] * features[name]
  // Two edits that only together do anything are right less often than one.
  return outcome.candidate.edits.length > 1 ? score - 0.4 : score
}

function reasonsOf(features: Features, plausible: number): readonly string[] {
  const reasons: string[] = []
  for (const name of Object.keys(words) as (keyof Features)[]) {
    const value = features[name]
    const [high, low] = words[name]
    if (name === 'prior') reasons.push(value >= 0.1 ? high : low)
    else if (value >= 0.6 && high !== '') reasons.push(high)
    else if (value <= 0.1 && low !== '' && (name !== 'agreed' || plausible > 1)) reasons.push(low)
  }
  if (plausible === 1) reasons.push('no other edit that was tried makes the tests pass')
  else reasons.push(`${plausible - 1} other edits make the failing tests pass too`)
  return reasons
}
