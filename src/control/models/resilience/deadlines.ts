import { UpstreamFailure } from '../upstreams/failure.ts'
import type { Time } from './time.ts'

/** Milliseconds. */
export interface Deadlines {
  readonly firstTokenMs: number
  readonly betweenTokensMs: number
  /** Over all attempts of a call. */
  readonly totalMs: number
}

/** Watches over one attempt: its signal is aborted when nothing comes for too long. */
export interface Watch {
  readonly signal: AbortSignal
  /** A piece of the answer has come. */
  token(): void
  /** Runs what is not the upstream's time, such as waiting for a slow reader. */
  offTheClock<T>(work: () => Promise<T>): Promise<T>
  end(): void
}

/**
 * Starts the clocks of one attempt; the time for the whole call is kept by the signal that comes in. Until the first
 * token the first deadline holds, then the one between tokens.
 */
export function watchAttempt(deadlines: Deadlines, signal: AbortSignal, time: Time): Watch {
  const attempt = following(signal)
  let limit = { name: 'first token', ms: deadlines.firstTokenMs }
  let deadline = time.now() + limit.ms
  let cancel = (): void => undefined
  // One timer that looks again, and not a new one for each token.
  const look = (): void => {
    const left = deadline - time.now()
    if (left > 0) cancel = time.after(left, look)
    else
      attempt.abort(
        new UpstreamFailure('timeout', `nothing came for ${limit.ms / 1000} s (deadline ${limit.name})`),
      )
  }
  look()
  return {
    signal: attempt.signal,
    token: () => {
      limit = { name: 'between tokens', ms: deadlines.betweenTokensMs }
      deadline = time.now() + limit.ms
    },
    offTheClock: async (work) => {
      deadline = Infinity
      try {
        return await work()
      } finally {
        deadline = time.now() + limit.ms
        cancel()
        look()
      }
    },
    end: () => {
      cancel()
      attempt.release()
    },
  }
}

interface Following {
  readonly signal: AbortSignal
  abort(reason: Error): void
  /** Follows no longer. */
  release(): void
}

/** A signal that is aborted with another one or by itself; `AbortSignal.any` costs several times as much. */
export function following(signal: AbortSignal): Following {
  const controller = new AbortController()
  const forward = (): void => controller.abort(signal.reason)
  if (signal.aborted) forward()
  signal.addEventListener('abort', forward, { once: true })
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => signal.removeEventListener('abort', forward),
  }
}
