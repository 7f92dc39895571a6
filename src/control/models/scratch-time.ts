import type { Time } from './resilience/time.ts'

/** Time that passes when a test says so. */
export interface ManualTime extends Time {
  /** Lets so much time pass, waking whoever waits in between, and everything that follows from it. */
  pass(ms: number): Promise<void>
}

export function manualTime(start = 0): ManualTime {
  let now = start
  const timers = new Set<{ at: number; wake: () => void }>()
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    after: (ms, wake) => {
      const timer = { at: now + ms, wake }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    pass: async (ms) => {
      const end = now + ms
      await settle()
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers.delete(next)
        now = Math.max(now, next.at)
        next.wake()
        await settle()
      }
      now = end
    },
  }
}
