const { setTimeout: startTimer, clearTimeout: stopTimer, performance: clock } = globalThis

/** Rejections and exceptions that nobody caught belong to whatever is waited for. */
let fault: ((error: unknown) => void) | null = null

/** Hands an error that nobody caught to the test that is running; false when none is. */
export function reportFault(error: unknown): boolean {
  if (fault === null) return false
  fault(error)
  return true
}

const pollMs = 4
/** Timers of this module that are running: they are no reason to go on waiting. */
let polls = 0

/**
 * Waits for a promise for a limited time. A promise that nothing can settle any more, because no timer, socket or
 * process is left, is given up at once instead of at the end of the time.
 */
export async function settle<T>(promise: PromiseLike<T>, limitMs: number, what: string): Promise<T> {
  const outer = fault
  let timer: NodeJS.Timeout | undefined
  polls += 1
  try {
    return await new Promise<T>((resolve, reject) => {
      fault = reject
      promise.then(resolve, reject)
      const deadline = clock.now() + limitMs
      let idle = 0
      const poll = (): void => {
        idle = isIdle() ? idle + 1 : 0
        if (idle >= 3) reject(new Error(`${what} waits for something that cannot happen any more`))
        else if (clock.now() > deadline) reject(new Error(`${what} did not end within ${limitMs} ms`))
        else timer = startTimer(poll, pollMs)
      }
      timer = startTimer(poll, pollMs)
    })
  } finally {
    polls -= 1
    stopTimer(timer)
    fault = outer
  }
}

/** Whether nothing but the worker's own channel and timers keeps this process alive. */
function isIdle(): boolean {
  let timers = 0
  for (const resource of process.getActiveResourcesInfo()) {
    if (resource === 'Timeout') timers += 1
    else if (resource !== 'PipeWrap' && resource !== 'TTYWrap') return false
  }
  return timers <= polls
}
