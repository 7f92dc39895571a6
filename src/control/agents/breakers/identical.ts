import { type Breaker, fine, type TurnFacts } from './breaker.ts'

/**
 * The same action on the same tree cannot have another result, so doing it again and again is being lost; so is getting
 * the same results turn after turn from different actions. Two equal calls in one turn count once.
 */
export const identical: Breaker = (turns, { identical: limit }) => {
  const repeated = timesOfLastActions(turns)
  const same = turnsWithSameResults(turns)
  const times = Math.max(repeated, same)
  const what = repeated >= same ? 'the same action was taken on the same files' : 'the results were the same'
  if (times >= limit) return { kind: 'stop', reason: `${what} ${times} times` }
  if (times === limit - 1 && times > 1)
    return {
      kind: 'nudge',
      text: `Here ${what} ${times} times; it will not come out differently. Use what you already know, or do something else.`,
    }
  return fine
}

function timesOfLastActions(turns: readonly TurnFacts[]): number {
  const last = turns.at(-1)?.actions ?? []
  return Math.max(0, ...last.map((action) => turns.filter(({ actions }) => actions.includes(action)).length))
}

function turnsWithSameResults(turns: readonly TurnFacts[]): number {
  const last = turns.at(-1)
  if (last === undefined || last.results === '') return 0
  const different = turns.findLastIndex(({ results, tree }) => results !== last.results || tree !== last.tree)
  return turns.length - 1 - different
}
