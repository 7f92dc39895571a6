import { setTimeout as delay } from 'node:timers/promises'
import { AtelierError, canonicalJson, digestOf, reportError } from '../kernel/index.ts'
import { engineErrors } from './errors.ts'
import type { Settlement } from './leaves.ts'
import type { JsonValue, StepOutcome } from './ports.ts'

/** Milliseconds that a step is given to end by itself after its signal was aborted. */
const graceMs = 1000
const largestOutputBytes = 16 * 1024 * 1024

/** Why a step's signal is aborted, as its reason. */
export class AttemptStopped extends Error {
  override readonly name = 'AttemptStopped'
  override readonly cause: 'timed-out' | 'cancelled' | 'shut-down'

  constructor(cause: AttemptStopped['cause']) {
    super(`the step was ${cause}`)
    this.cause = cause
  }
}

/**
 * Waits for the step, but no longer than its deadline and a moment to clean up: a step that ignores its signal is
 * treated as if it had ended. Answers undefined when the process shuts down, as the attempt then goes on elsewhere.
 */
export async function settleAttempt(
  perform: () => Promise<StepOutcome>,
  controller: AbortController,
  timeoutMs: number,
): Promise<Settlement | undefined> {
  const timer = setTimeout(() => controller.abort(new AttemptStopped('timed-out')), timeoutMs)
  const { signal } = controller
  try {
    return settlementOf(await Promise.race([perform(), afterGrace(signal)]))
  } catch (error) {
    const stopped: unknown = signal.aborted ? signal.reason : undefined
    if (!(stopped instanceof AttemptStopped)) return failureOf(error)
    if (stopped.cause === 'shut-down') return undefined
    if (stopped.cause === 'cancelled') return failureOf(engineErrors.STEP_CANCELLED())
    const detail = `it was given ${timeoutMs / 1000} s`
    return failureOf(engineErrors.STEP_TIMED_OUT({ detail, cause: error }))
  } finally {
    clearTimeout(timer)
  }
}

/** Rejects some time after the signal was aborted. */
function afterGrace(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => {
      void delay(graceMs).then(() => reject(new Error('the step did not end when it was told to')))
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

function settlementOf(outcome: StepOutcome): Settlement {
  if (outcome.kind === 'waiting')
    return {
      kind: 'waiting',
      reason: outcome.reason,
      payload: outcome.payload ?? null,
      ...(outcome.until === undefined ? {} : { until: outcome.until }),
    }
  return { kind: 'succeeded', ...prepareOutput(outcome.output) }
}

/**
 * The value as it will be read back: its canonical JSON and the digest of that.
 * @throws ATL_ENGINE_BAD_OUTPUT
 */
export function prepareOutput(output: JsonValue) {
  let content
  try {
    // What a step in plain JavaScript answers may be nothing at all, whatever its type says.
    content = canonicalJson(output ?? null)
  } catch (cause) {
    throw engineErrors.BAD_OUTPUT({ detail: 'it is not JSON', cause })
  }
  const bytes = Buffer.byteLength(content)
  if (bytes > largestOutputBytes)
    throw engineErrors.BAD_OUTPUT({ detail: `it has ${Math.ceil(bytes / 1_048_576)} MiB` })
  return { value: JSON.parse(content) as JsonValue, content, digest: digestOf(content) }
}

export function failureOf(error: unknown): Settlement {
  const retryable = error instanceof AtelierError ? error.retryable : true
  return { kind: 'failed', error: reportError(error), retryable }
}
