import { type Breaker, fine, type TurnFacts } from './breaker.ts'

/** Turn after turn neither the files nor what fails in them changes. Whoever can only read is bounded by steps. */
export const noProgress: Breaker = (turns, { noProgress: limit }) => {
  const last = turns.at(-1)
  if (last === undefined || last.tree === '') return fine
  const state = stateOf(last)
  const changed = turns.findLastIndex((turn) => stateOf(turn) !== state)
  // The turn after the last different one made the change; it does not count.
  const still = changed === -1 ? turns.length : turns.length - changed - 2
  if (still >= limit)
    return {
      kind: 'stop',
      reason: `neither the files nor the failing tests have changed for ${still} turns`,
    }
  if (still >= Math.ceil(limit * 0.6))
    return {
      kind: 'nudge',
      text: `Nothing has changed for ${still} turns. Make the change that you believe in and run the tests, or ask a person with person_ask what you need to know.`,
    }
  return fine
}

function stateOf({ tree, failing }: TurnFacts): string {
  return [tree, ...failing].join('\n')
}
