import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { whileVisible } from './while-visible.ts'

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })

function show(visibilityState: 'visible' | 'hidden'): void {
  page.visibilityState = visibilityState
  page.dispatchEvent(new Event('visibilitychange'))
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', page)
  page.visibilityState = 'visible'
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('stops some time after the page was hidden, and begins anew when it is shown', () => {
  const signals: AbortSignal[] = []
  const end = whileVisible((signal) => void signals.push(signal))
  show('hidden')
  vi.advanceTimersByTime(5000)
  show('visible')
  vi.advanceTimersByTime(60_000)
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])

  show('hidden')
  vi.advanceTimersByTime(15_000)
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  show('visible')
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  end()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  show('hidden')
  show('visible')
  expect(signals).toHaveLength(2)
})

it('waits for a page that is opened in the background to be looked at', () => {
  page.visibilityState = 'hidden'
  let begun = 0
  const end = whileVisible(() => (begun += 1))
  vi.advanceTimersByTime(60_000)
  expect(begun).toBe(0)
  show('visible')
  expect(begun).toBe(1)
  end()
})
