import { AtelierError, reportError } from '../../../kernel/index.ts'
import type { AgentLimit, AgentLimits, AgentUsage } from '../breakers/index.ts'
import { agentErrors } from '../errors.ts'
import type { AgentEnd } from './outcome.ts'

export function cappedBy(limit: AgentLimit, limits: AgentLimits): AgentEnd {
  return { kind: 'capped', limit, reason: `the limit of ${limits[limit]} ${limit} is used up` }
}

export type Within<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** With the time that was waited for nothing. */
  | { readonly kind: 'ended'; readonly end: AgentEnd; readonly milliseconds: number }

/**
 * Does something within the seconds that are left, which also ends what hangs. Errors are sorted: the budget's end the
 * work as capped, those that may pass and those of a stop from outside are thrown on, all others end it as failed.
 */
export async function within<T>(
  {
    limits,
    used,
    signal,
  }: { readonly limits: AgentLimits; readonly used: AgentUsage; readonly signal: AbortSignal },
  perform: (signal: AbortSignal) => Promise<T>,
): Promise<Within<T>> {
  const deadline = new AbortController()
  const left = limits.seconds * 1000 - used.milliseconds
  const timer = setTimeout(() => deadline.abort(), Math.min(Math.max(1, left), 2 ** 31 - 1))
  try {
    return { kind: 'done', value: await perform(AbortSignal.any([signal, deadline.signal])) }
  } catch (error) {
    if (signal.aborted) throw error
    if (deadline.signal.aborted)
      return { kind: 'ended', end: cappedBy('seconds', limits), milliseconds: left }
    return { kind: 'ended', end: endBy(error), milliseconds: 0 }
  } finally {
    clearTimeout(timer)
  }
}

/** A key that stands for another act on the record: the work was begun with another version of something. */
const keyReused = 'ATL_DOOR_KEY_REUSED'

function endBy(error: unknown): AgentEnd {
  if (!(error instanceof AtelierError)) throw error
  if (error.code.startsWith('ATL_BUDGET_')) return { kind: 'capped', limit: 'budget', reason: error.message }
  if (error.code === keyReused) throw agentErrors.RECORD_DIFFERS({ cause: error })
  if (error.retryable) throw error
  return { kind: 'failed', error: reportError(error) }
}
