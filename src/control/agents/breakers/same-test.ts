import { type Breaker, fine, type TurnFacts } from './breaker.ts'

/**
 * At most so many runs, and so many seconds, on the same failing test. Work on a test begins when it is first seen to fail,
 * and begins anew when fewer tests fail than ever before: mending one of ten is progress for the other nine.
 */
export const sameTest: Breaker = (turns, { sameTestCalls, sameTestSeconds }) => {
  const work = workOnTests(turns)
  const [test, worst] = [...work].reduce<readonly [string, Work] | readonly [undefined, undefined]>(
    (most, entry) =>
      most[1] === undefined ||
      entry[1].runs > most[1].runs ||
      (entry[1].runs === most[1].runs && entry[1].milliseconds > most[1].milliseconds)
        ? entry
        : most,
    [undefined, undefined],
  )
  if (test === undefined) return fine
  const seconds = Math.round(worst.milliseconds / 1000)
  const spent = `${test} still fails after ${worst.runs} runs and ${seconds} seconds`
  if (worst.runs >= sameTestCalls || worst.milliseconds >= sameTestSeconds * 1000)
    return { kind: 'stop', reason: spent }
  if (worst.runs >= Math.ceil(sameTestCalls * 0.6) || worst.milliseconds >= sameTestSeconds * 600)
    return {
      kind: 'nudge',
      text: `${spent}. Do not try a variation of the same. Say with notes_plan what you now believe the cause is and what speaks against it, read the code that the test really executes, then make one change that follows from it.`,
    }
  return fine
}

interface Work {
  readonly runs: number
  readonly milliseconds: number
}

function workOnTests(turns: readonly TurnFacts[]): ReadonlyMap<string, Work> {
  let work = new Map<string, Work>()
  let fewest = Number.POSITIVE_INFINITY
  for (const { failing, testRuns, milliseconds } of turns) {
    const mended = failing.length < fewest && testRuns.length > 0
    if (mended) fewest = failing.length
    const next = new Map<string, Work>()
    for (const id of failing) {
      const before = work.get(id)
      const runs = testRuns.filter((failed) => failed.includes(id)).length
      next.set(
        id,
        before === undefined || mended
          ? { runs: before === undefined ? runs : Math.min(runs, 1), milliseconds: 0 }
          : { runs: before.runs + runs, milliseconds: before.milliseconds + milliseconds },
      )
    }
    work = next
  }
  return work
}
