import type { Survey } from '../languages/index.ts'
import type { Candidate, CandidateOutcome, RepairProblem } from '../model.ts'
import { areDisjoint, joined } from './combine.ts'

const mostBases = 4
const perBase = 600

/**
 * Second edits on top of first ones that got the tests further without mending them: the new failure messages are the
 * vocabulary of the second edit. Best bases first.
 */
export async function* continueFrom(
  progressed: readonly CandidateOutcome[],
  problem: RepairProblem,
  survey: Survey,
  nextId: () => number,
): AsyncIterable<readonly Candidate[]> {
  for (const base of distinctBases(progressed)) {
    const { messages = {} } = base
    const failing = problem.reproduction.failing.map((test) => {
      const message = messages[test.id]
      return message === undefined ? test : { ...test, message, stack: undefined }
    })
    const pool = await survey.generate({
      problem: { ...problem, reproduction: { ...problem.reproduction, failing } },
      file: base.candidate.edits[0]?.file ?? '',
      most: perBase,
    })
    yield pool
      .take(perBase)
      .filter((candidate) => areDisjoint(candidate, base.candidate))
      .map((candidate) => joined(base.candidate, candidate, nextId()))
  }
}

/** Those with the most tests moved on, then the highest prior; one for each line and kind of edit. */
function distinctBases(progressed: readonly CandidateOutcome[]): readonly CandidateOutcome[] {
  const seen = new Set<string>()
  const moved = (outcome: CandidateOutcome): number =>
    outcome.fixed.length * 10 + Object.keys(outcome.messages ?? {}).length
  return [...progressed]
    .sort((left, right) => moved(right) - moved(left) || right.candidate.prior - left.candidate.prior)
    .filter(({ candidate }) => {
      const key = `${candidate.edits[0]?.file ?? ''}:${candidate.line}`
      const isNew = !seen.has(key)
      seen.add(key)
      return isNew
    })
    .slice(0, mostBases)
}
