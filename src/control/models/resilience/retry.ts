import type { FailureClass, UpstreamFailure } from '../upstreams/failure.ts'

export interface RetryPolicy {
  /** Further attempts at the same target. */
  readonly retries: number
  readonly firstDelayMs: number
  readonly longestDelayMs: number
}

/** What may pass by itself, so that the same target may be asked again. */
const passing: ReadonlySet<FailureClass> = new Set([
  'rate-limited',
  'overloaded',
  'server-error',
  'timeout',
  'unreachable',
  'cut-off',
])

/**
 * Milliseconds to wait before the next attempt at the same target, or undefined when there should be none. The delay
 * doubles and is random over its whole range, so that those who failed together do not come again together; what the
 * provider asks for is waited for at least, and when that is too long, somebody else is asked.
 */
export function delayBeforeRetry(
  { retries, firstDelayMs, longestDelayMs }: RetryPolicy,
  failure: UpstreamFailure,
  failures: number,
  random: () => number,
): number | undefined {
  if (failures > retries || !passing.has(failure.failure)) return undefined
  const { retryAfterMs = 0 } = failure
  if (retryAfterMs > longestDelayMs) return undefined
  const range = Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1))
  return Math.round(retryAfterMs + random() * range)
}
