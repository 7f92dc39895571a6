import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Breaker, breakerLimitsSchema, type TurnFacts, type Verdict } from './breaker.ts'
import { format } from './format.ts'
import { identical } from './identical.ts'
import { breakers, nearLimit, nothingUsed, reachedLimit } from './index.ts'
import { noProgress } from './no-progress.ts'
import { oscillation } from './oscillation.ts'
import { refusedTools } from './refused-tools.ts'
import { sameTest } from './same-test.ts'

const limits = breakerLimitsSchema.parse({})

let serial = 0
/** A turn unlike any other, but for what is given. */
function turn(facts: Partial<TurnFacts> = {}): TurnFacts {
  serial += 1
  return {
    actions: [`action ${serial}`],
    results: `results ${serial}`,
    tree: `tree ${serial}`,
    failing: ['t'],
    testRuns: [],
    milliseconds: 1000,
    malformed: false,
    refused: 0,
    ...facts,
  }
}

const turns = (count: number, facts: (index: number) => Partial<TurnFacts>): TurnFacts[] =>
  Array.from({ length: count }, (_, index) => turn(facts(index)))

/** What a breaker says after each of the turns. */
function verdicts(breaker: Breaker, all: readonly TurnFacts[]): Verdict['kind'][] {
  return all.map((_, index) => breaker(all.slice(0, index + 1), limits).kind)
}

describe('the same failing test', () => {
  const runs = (count: number, facts: Partial<TurnFacts> = {}) =>
    turns(count, () => ({ testRuns: [['t']], ...facts }))

  test('stops at the fifth run in which it fails, after a nudge', () => {
    expect(verdicts(sameTest, runs(5))).toEqual(['fine', 'fine', 'nudge', 'nudge', 'stop'])
  })

  test('stops after five minutes, whatever is done meanwhile', () => {
    const all = [turn({ testRuns: [['t']] }), ...turns(5, () => ({ milliseconds: 61_000 }))]
    expect(verdicts(sameTest, all)).toEqual(['fine', 'fine', 'fine', 'nudge', 'nudge', 'stop'])
    expect(sameTest(all, limits)).toMatchObject({
      reason: expect.stringContaining('t still fails') as string,
    })
  })

  test('begins anew when fewer tests fail than ever before', () => {
    const failing = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const mending = failing.map((_, index) => {
      const left = failing.slice(index)
      return turn({ failing: left, testRuns: [left], milliseconds: 90_000 })
    })
    expect(new Set(verdicts(sameTest, mending))).toEqual(new Set(['fine']))
  })

  test('does not begin anew when tests fail and pass in turn', () => {
    const flip = turns(8, (index) => {
      const failing = index % 2 === 0 ? ['a', 't'] : ['t']
      return { failing, testRuns: [failing] }
    })
    expect(verdicts(sameTest, flip)).toContain('stop')
  })

  test('is fine while nothing is known to fail', () => {
    expect(
      verdicts(
        sameTest,
        turns(20, () => ({ failing: [], testRuns: [[]], milliseconds: 60_000 })),
      ),
    ).not.toContain('stop')
  })
})

describe('identical', () => {
  test('the same action on the same tree stops at the fourth time, also with others in between', () => {
    const again = turns(7, (index) => (index % 2 === 0 ? { actions: ['again'] } : {}))
    expect(verdicts(identical, again)).toEqual(['fine', 'fine', 'fine', 'fine', 'nudge', 'fine', 'stop'])
  })

  test('the same results turn after turn stop at the fourth', () => {
    const same = turns(4, () => ({ results: 'nothing found', tree: 'x' }))
    expect(verdicts(identical, same)).toEqual(['fine', 'fine', 'nudge', 'stop'])
  })

  test('the same results on other trees are work', () => {
    expect(
      new Set(
        verdicts(
          identical,
          turns(10, () => ({ results: '1 failing' })),
        ),
      ),
    ).toEqual(new Set(['fine']))
  })

  test('equal calls of one turn count once', () => {
    expect(identical([turn({ actions: ['a', 'a', 'a', 'a', 'a'] })], limits).kind).toBe('fine')
  })
})

describe('oscillation', () => {
  test.each([
    [2, 'tree'],
    [3, 'tree'],
    [2, 'actions'],
    [3, 'actions'],
  ] as const)('with a period of %i in %s stops at the sixth step', (period, what) => {
    const back = turns(6, (index) =>
      what === 'tree' ? { tree: `t${index % period}` } : { actions: [`a${index % period}`] },
    )
    expect(verdicts(oscillation, back).at(-1)).toBe('stop')
    if (period === 2) expect(verdicts(oscillation, back)[3]).toBe('nudge')
  })

  test('edits that undo each other are seen through the runs of tests between them', () => {
    const all = ['x', 'x', 'y', 'y', 'x', 'x', 'y', 'y', 'x', 'x', 'y', 'y'].map((tree) => turn({ tree }))
    expect(verdicts(oscillation, all).at(-1)).not.toBe('fine')
    expect(verdicts(oscillation, all)).toContain('stop')
  })

  test('staying where one is, and going on, are none', () => {
    expect(
      verdicts(
        oscillation,
        turns(12, () => ({ tree: 'x' })),
      ),
    ).not.toContain('stop')
    expect(
      verdicts(
        oscillation,
        turns(12, () => ({})),
      ),
    ).not.toContain('stop')
  })
})

describe('no progress', () => {
  test('stops when tree and failing tests stay for sixteen turns, after a nudge', () => {
    const all = verdicts(noProgress, [turn(), ...turns(17, () => ({ tree: 'x' }))])
    expect(all.at(-1)).toBe('stop')
    expect(all.slice(0, -1)).not.toContain('stop')
    expect(all).toContain('nudge')
  })

  test('agents that can only read may do so as long as their limits let them', () => {
    expect(
      verdicts(
        noProgress,
        turns(40, () => ({ tree: '' })),
      ),
    ).not.toContain('stop')
  })
})

test('answers that cannot be used are bounded in a row, refused calls altogether', () => {
  expect(
    verdicts(
      format,
      turns(4, () => ({ malformed: true })),
    ),
  ).toEqual(['fine', 'fine', 'fine', 'stop'])
  expect(
    verdicts(
      format,
      turns(12, (index) => ({ malformed: index % 3 !== 0 })),
    ),
  ).not.toContain('stop')
  expect(
    verdicts(
      refusedTools,
      turns(11, (index) => ({ refused: index % 2 })),
    ),
  ).toContain('stop')
})

describe('limits', () => {
  const most = { tokens: 100, money: 100, seconds: 100, toolCalls: 100, steps: 100 }

  test('are reached exactly, and told of at four fifths', () => {
    expect(reachedLimit({ ...nothingUsed, tokens: 99 }, most)).toBeUndefined()
    expect(reachedLimit({ ...nothingUsed, tokens: 100 }, most)).toBe('tokens')
    expect(reachedLimit({ ...nothingUsed, milliseconds: 100_000 }, most)).toBe('seconds')
    expect(nearLimit({ ...nothingUsed, steps: 79 }, most).kind).toBe('fine')
    expect(nearLimit({ ...nothingUsed, steps: 80 }, most)).toMatchObject({ kind: 'nudge' })
  })

  test('of no money let models work that cost none', () => {
    expect(reachedLimit(nothingUsed, { ...most, money: 0 })).toBeUndefined()
    expect(reachedLimit({ ...nothingUsed, money: 1 }, { ...most, money: 0 })).toBe('money')
  })
})

test('whoever repeats a finite repertoire without end is always stopped', () => {
  const repertoire = fc.array(fc.record({ action: fc.nat(3), tree: fc.nat(2) }), {
    minLength: 1,
    maxLength: 8,
  })
  fc.assert(
    fc.property(repertoire, (steps) => {
      const all = Array.from({ length: 8 * 4 + 1 }, (_, index) => {
        const { action, tree } = steps[index % steps.length]!
        const before = steps[(index + steps.length - 1) % steps.length]!.tree
        return turn({ actions: [`${action} on ${before}`], tree: `t${tree}`, results: `r${action}${tree}` })
      })
      const stopped = all.some((_, index) =>
        breakers.some(([, breaker]) => breaker(all.slice(0, index + 1), limits).kind === 'stop'),
      )
      expect(stopped).toBe(true)
    }),
  )
})
