import { describe, expect, it } from 'vitest'
import { manualTime } from '../scratch-time.ts'
import { watchAttempt } from './deadlines.ts'
import { delayBeforeRetry } from './retry.ts'
import { sleep } from './time.ts'
import { UpstreamFailure } from '../upstreams/failure.ts'

const deadlines = { firstTokenMs: 1000, betweenTokensMs: 100, totalMs: 10_000 }
const open = new AbortController().signal

describe('the watch over an attempt', () => {
  it('waits for the first token for as long as its deadline', async () => {
    const time = manualTime()
    const watch = watchAttempt(deadlines, open, time)
    await time.pass(999)
    expect(watch.signal.aborted).toBe(false)
    await time.pass(1)
    expect(watch.signal.reason).toMatchObject({
      failure: 'timeout',
      message: expect.stringContaining('first token') as string,
    })
  })

  it('then for each next one', async () => {
    const time = manualTime()
    const watch = watchAttempt(deadlines, open, time)
    for (let index = 0; index < 50; index += 1) {
      watch.token()
      await time.pass(90)
    }
    expect(watch.signal.aborted).toBe(false)
    await time.pass(1000)
    expect(watch.signal.reason).toMatchObject({
      message: expect.stringContaining('between tokens') as string,
    })
  })

  it('does not count the time of a slow reader', async () => {
    const time = manualTime()
    const watch = watchAttempt(deadlines, open, time)
    watch.token()
    const reading = watch.offTheClock(() => sleep(time, 5000, open))
    await time.pass(5000)
    await reading
    expect(watch.signal.aborted).toBe(false)
    await time.pass(101)
    expect(watch.signal.aborted).toBe(true)
  })

  it('passes on that the caller wants no more, and nothing after its end', async () => {
    const time = manualTime()
    const controller = new AbortController()
    const stopped = watchAttempt(deadlines, controller.signal, time)
    const ended = watchAttempt(deadlines, open, time)
    ended.end()
    controller.abort(new Error('stop'))
    await time.pass(10_000)
    expect(stopped.signal.reason).toEqual(new Error('stop'))
    expect(ended.signal.aborted).toBe(false)
  })
})

describe('the delay before another attempt', () => {
  const policy = { retries: 3, firstDelayMs: 100, longestDelayMs: 1000 }
  const failure = (name: UpstreamFailure['failure'], retryAfterMs?: number) =>
    new UpstreamFailure(name, '', { retryAfterMs })

  it('doubles, is random, and has an end', () => {
    const delays = (random: number) =>
      [1, 2, 3, 4].map((failures) => delayBeforeRetry(policy, failure('overloaded'), failures, () => random))
    expect(delays(1)).toEqual([100, 200, 400, undefined])
    expect(delays(0.5)).toEqual([50, 100, 200, undefined])
  })

  it('is what the provider asks for at least, unless that is too long', () => {
    expect(delayBeforeRetry(policy, failure('rate-limited', 900), 1, () => 0.5)).toBe(950)
    expect(delayBeforeRetry(policy, failure('rate-limited', 1001), 1, () => 0)).toBeUndefined()
  })

  it.each([
    'refused',
    'authentication',
    'context-too-long',
    'content-filter',
    'too-large',
    'invalid-answer',
  ] as const)('is none where it would not help: %s', (name) =>
    expect(delayBeforeRetry(policy, failure(name), 1, () => 0)).toBeUndefined(),
  )
})
