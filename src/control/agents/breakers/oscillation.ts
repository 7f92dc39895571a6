import { type Breaker, fine, type TurnFacts } from './breaker.ts'

/** Going back and forth between two or three states, of the files or of what is done. */
export const oscillation: Breaker = (turns, { oscillation: limit }) => {
  const steps = Math.max(alternating(treesOf(turns)), alternating(actionsOf(turns)))
  if (steps >= limit) return { kind: 'stop', reason: `the last ${steps} steps go back and forth` }
  if (steps >= limit - 2 && steps >= 4)
    return {
      kind: 'nudge',
      text: `The last ${steps} steps undo and redo each other. Decide with notes_plan which of the two is right and why, and leave it.`,
    }
  return fine
}

/** How many entries at the end repeat with a period of two or three, without being all the same. */
function alternating(states: readonly string[]): number {
  return Math.max(...[2, 3].map((period) => repeating(states, period)))
}

function repeating(states: readonly string[], period: number): number {
  const lastPeriod = states.slice(-period)
  if (lastPeriod.length < period || new Set(lastPeriod).size === 1) return 0
  let start = states.length - period
  while (start > 0 && states[start - 1] === states[start - 1 + period]) start -= 1
  const length = states.length - start
  return length >= 2 * period ? length : 0
}

/** The trees that the turns left, each once as long as it stays. */
function treesOf(turns: readonly TurnFacts[]): string[] {
  return turns.map(({ tree }) => tree).filter((tree, index, all) => tree !== '' && tree !== all[index - 1])
}

function actionsOf(turns: readonly TurnFacts[]): string[] {
  return turns.map(({ actions }) => actions.join(' ')).filter((actions) => actions !== '')
}
