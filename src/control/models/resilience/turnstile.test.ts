import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { manualTime } from '../scratch-time.ts'
import { Turnstile } from './turnstile.ts'

const open = new AbortController().signal
const entrant = (group: string, tokens = 0, signal = open) => ({ group, tokens, signal })

/** Enters and notes when it is inside. */
function entering(turnstile: Turnstile, group: string, inside: string[], signal = open) {
  return turnstile.enter(entrant(group, 0, signal)).then((leave) => {
    inside.push(group)
    return leave
  })
}

describe('a turnstile', () => {
  it('lets in as many as there is room for, and the next when one leaves', async () => {
    const turnstile = new Turnstile({ concurrent: 2 }, manualTime())
    const inside: string[] = []
    const first = await entering(turnstile, 'a', inside)
    await entering(turnstile, 'a', inside)
    const third = entering(turnstile, 'a', inside)
    expect(turnstile.occupancy).toEqual({ inside: 2, waiting: 1 })
    first()
    first()
    await third
    expect(turnstile.occupancy).toEqual({ inside: 2, waiting: 0 })
  })

  it('has groups take turns, however many of one wait', async () => {
    const turnstile = new Turnstile({ concurrent: 1 }, manualTime())
    const inside: string[] = []
    const leave = await entering(turnstile, 'first', inside)
    const waiting = ['busy', 'busy', 'busy', 'quiet', 'other'].map((group) =>
      entering(turnstile, group, inside).then((out) => out()),
    )
    leave()
    await Promise.all(waiting)
    expect(inside).toEqual(['first', 'busy', 'quiet', 'other', 'busy', 'busy'])
  })

  it('turns away whom the queue cannot take', async () => {
    const turnstile = new Turnstile({ concurrent: 1, waiting: 1 }, manualTime())
    await turnstile.enter(entrant('a'))
    void turnstile.enter(entrant('a'))
    await expect(turnstile.enter(entrant('b'))).rejects.toMatchObject({ failure: 'queue-full' })
  })

  it('forgets whoever stops waiting', async () => {
    const turnstile = new Turnstile({ concurrent: 1 }, manualTime())
    const leave = await turnstile.enter(entrant('a'))
    const controller = new AbortController()
    const given = turnstile.enter(entrant('b', 0, controller.signal))
    const patient = turnstile.enter(entrant('c'))
    controller.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    leave()
    await patient
    expect(turnstile.occupancy).toEqual({ inside: 1, waiting: 0 })
    await expect(turnstile.enter(entrant('d', 0, controller.signal))).rejects.toThrow('enough')
  })

  it('holds a rate of requests and of tokens', async () => {
    const time = manualTime()
    const turnstile = new Turnstile({ requestsPerMinute: 60, tokensPerMinute: 60_000 }, time)
    const inside: string[] = []
    for (let index = 0; index < 14; index += 1) void entering(turnstile, 'a', inside)
    await time.pass(0)
    expect(inside).toHaveLength(10)
    await time.pass(3000)
    expect(inside).toHaveLength(13)
    await time.pass(1000)
    // More tokens than a burst: in as soon as the bucket is full, and the rest is owed.
    await time.pass(60_000)
    await turnstile.enter(entrant('a', 30_000))
    let entered = false
    void turnstile.enter(entrant('a', 1)).then(() => (entered = true))
    await time.pass(19_000)
    expect(entered).toBe(false)
    await time.pass(2000)
    expect(entered).toBe(true)
  })

  it('never lets in too many, loses none and starves none, whatever happens', async () => {
    const action = fc.record({
      group: fc.constantFrom('a', 'b', 'c'),
      stays: fc.integer({ min: 0, max: 50 }),
      gives: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        async (actions, concurrent) => {
          const time = manualTime()
          const turnstile = new Turnstile({ concurrent, waiting: 30 }, time)
          let inside = 0
          let most = 0
          const all = actions.map(async ({ group, stays, gives }) => {
            const controller = new AbortController()
            if (gives !== undefined) time.after(gives, () => controller.abort(new Error('gave up')))
            const leave = await turnstile.enter(entrant(group, 0, controller.signal))
            inside += 1
            most = Math.max(most, inside)
            await new Promise<void>((resolve) => time.after(stays, resolve))
            inside -= 1
            leave()
          })
          const results = Promise.allSettled(all)
          await time.pass(5000)
          await results
          expect(most).toBeLessThanOrEqual(concurrent)
          expect(turnstile.occupancy).toEqual({ inside: 0, waiting: 0 })
        },
      ),
      { numRuns: 50 },
    )
  })
})
