import type { Vocabulary } from '../evidence/index.ts'
import type { CandidateOutcome, RankedCandidate, Ranker, RepairProblem } from '../model.ts'
import { behavioursOf, disputedShares } from './behaviour.ts'
import type { Behaviour } from './behaviour.ts'
import { featuresOf } from './features.ts'
import type { Features } from './features.ts'

/** How much each feature speaks for a candidate, in log-odds. */
const weights: Readonly<Record<Exclude<keyof Features, 'prior'>, number>> = {
  small: 0.7,
  idiomatic: 0.6,
  spoken: 0.9,
  destructive: -1.2,
  accidental: -0.9,
  overfitted: -2.5,
  agreed: 0.6,
  guarded: 0.8,
  answersCrash: 0.6,
}

/** The same for what it does on other inputs. */
const behaviourWeights: Readonly<Record<keyof Behaviour, number>> = {
  changesElsewhere: -12,
  changesNear: 0.3,
  crashes: -3,
}
/** What it costs that all others that are believed as much do something else. */
const disputeWeight = 3.5

/** No single kind of behaviour counts for more: a changed default is meant to change much. */
const worstBehaviour = 3

const priorWeight = 0.8
/** Log-odds of a plausible candidate of which nothing more is known. */
const base = 0.6
/** What every doubling of the number of plausible candidates costs: one of them must be wrong. */
const crowding = 0.35
/**
 * What it costs that nobody looked what a candidate does on other inputs, or on few: little where nobody can, as for
 * programs that are measured to be repaired well without.
 */
const blindness = { unwatched: 2.5, unwatchable: 0.4 }
const enoughInputs = 60

const words: Readonly<
  Record<keyof (Features & Behaviour) | 'disputed', readonly [high: string, low: string]>
> = {
  prior: [
    'edits like this at such a place are often right',
    'edits like this at such a place are seldom right',
  ],
  small: ['it is a small change', 'it is a large change'],
  idiomatic: ['it uses names that the file already uses', 'it brings in names that the file does not use'],
  spoken: ['it uses what the failing tests speak of', ''],
  destructive: ['it takes code away', ''],
  accidental: ['edits like this pass by accident easily', ''],
  overfitted: ['it compares with a value that stands in the tests', ''],
  agreed: ['other plausible edits change the same place', 'other plausible edits change other places'],
  guarded: ['many passing tests execute what it changes', 'no passing test executes what it changes'],
  answersCrash: ['it tests for what the crash says is missing', ''],
  changesElsewhere: [
    'it changes what passing tests do on other inputs',
    'on other inputs of passing tests it changes nothing',
  ],
  changesNear: ['', ''],
  crashes: ['it crashes on inputs on which others do not', ''],
  disputed: ['other plausible edits do something else on other inputs', ''],
}

/** Orders plausible candidates by how likely they are what the maintainers would have written. */
export function createRanker(
  { sources, spectrum }: Pick<RepairProblem, 'sources' | 'spectrum'>,
  vocabulary: Vocabulary,
): Ranker {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  return {
    rank(plausible, observation) {
      const behaviours = observation ? behavioursOf(observation) : null
      const blind = observation === undefined ? blindness.unwatchable : blindness.unwatched
      const crowd = crowding * Math.log2(Math.max(1, plausible.length))
      const undisputed = plausible.map((outcome) => {
        const behaviour = behaviours?.get(outcome.candidate.id)
        const inputs = behaviour === undefined ? 0 : (observation?.near.length ?? 0)
        const doubt = blind * (1 - Math.min(1, inputs / enoughInputs))
        const features = {
          ...featuresOf(outcome.candidate, plausible, byPath, vocabulary, spectrum),
          ...behaviour,
        }
        return { outcome, features, inputs, score: scoreOf(features, outcome) - doubt }
      })
      const credit = new Map(undisputed.map(({ outcome, score }) => [outcome.candidate.id, Math.exp(score)]))
      const disputes = observation ? disputedShares(observation, (id) => credit.get(id) ?? 0) : null
      const scored = undisputed.map(({ features, score, ...rest }) => {
        const disputed = disputes?.get(rest.outcome.candidate.id) ?? 0
        return { ...rest, features: { ...features, disputed }, score: score - disputeWeight * disputed }
      })
      scored.sort(
        (left, right) => right.score - left.score || left.outcome.candidate.id - right.outcome.candidate.id,
      )
      return scored.map(({ outcome, features, inputs, score }, position): RankedCandidate => {
        const logOdds = score - crowd - Math.min(1, position * 0.15)
        return {
          candidate: outcome.candidate,
          confidence: 1 / (1 + Math.exp(-logOdds)),
          features: { ...features, inputs, plausible: plausible.length, score, position },
          reasons: reasonsOf(features, inputs, plausible.length),
        }
      })
    },
  }
}

function scoreOf(features: Features & Partial<Behaviour>, outcome: CandidateOutcome): number {
  let score = base + priorWeight * (1 + Math.log10(Math.max(1e-4, features.prior)) / 1.5)
  for (const name of Object.keys(weights) as (keyof typeof weights)[]) score += weights[name] * features[name]
  for (const name of Object.keys(behaviourWeights) as (keyof Behaviour)[])
    score += Math.max(-worstBehaviour, behaviourWeights[name] * (features[name] ?? 0))
  // Two edits that only together do anything are right less often than one.
  return outcome.candidate.edits.length > 1 ? score - 0.4 : score
}

/** Shares this small already tell something where they should be none. */
const telling: Partial<Record<keyof typeof words, number>> = {
  changesElsewhere: 0.01,
  crashes: 0.01,
  disputed: 0.2,
}

function reasonsOf(
  features: Features & Partial<Behaviour> & { readonly disputed: number },
  inputs: number,
  plausible: number,
): readonly string[] {
  const reasons: string[] = []
  for (const name of Object.keys(words) as (keyof typeof words)[]) {
    const value = features[name]
    const [high, low] = words[name]
    if (value === undefined) continue
    const isHigh = value >= (telling[name] ?? 0.6)
    if (name === 'prior') reasons.push(value >= 0.1 ? high : low)
    else if (isHigh && high !== '') reasons.push(high)
    else if (!isHigh && value <= 0.1 && low !== '' && (name !== 'agreed' || plausible > 1)) reasons.push(low)
  }
  if (inputs === 0) reasons.push('what it does on other inputs could not be watched')
  else reasons.push(`it was watched on ${inputs} inputs that no test holds`)
  if (plausible === 1) reasons.push('no other edit that was tried makes the tests pass')
  else reasons.push(`${plausible - 1} other edits make the failing tests pass too`)
  return reasons
}
