import type { Clock } from '../../../kernel/index.ts'

/** Where time passes: a clock that can also wake somebody. */
export interface Time extends Clock {
  /** Calls `wake` after so many milliseconds unless the answered function is called before. */
  after(ms: number, wake: () => void): () => void
}

/** Longest that a timer of Node can wait. */
const longestMs = 2 ** 31 - 1

export function timeOf(clock: Clock): Time {
  return {
    now: () => clock.now(),
    after: (ms, wake) => {
      const timer = setTimeout(wake, Math.min(ms, longestMs))
      return () => clearTimeout(timer)
    },
  }
}

/** Waits. @throws the reason of the signal when it is aborted before. */
export async function sleep(time: Time, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      cancel()
      reject(signal.reason as Error)
    }
    const cancel = time.after(ms, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}
