import type { Digest, ErrorReport } from '../kernel/index.ts'
import { reportError } from '../kernel/index.ts'
import { engineErrors } from './errors.ts'
import type { Expression } from './expressions.ts'
import type { LiveRun } from './live-run.ts'
import { retryDelayMs } from './plan.ts'
import type { PlannedStep } from './plan.ts'
import type { JsonObject, JsonValue } from './ports.ts'
import { wholeStep } from './run-state.ts'
import type { NodeState } from './run-state.ts'
import { storableReport, storableText, storableWhole } from './storable.ts'

/** The life of a single node, from being made ready to its end. What follows from an end is the scheduler's. */

/** How often one attempt is begun again after the process under it died. */
const mostTakes = 25

/** Makes a leaf ready: its attempt is enqueued, or it queues for the lock that it asks for. */
export function launch(run: LiveRun, step: PlannedStep, node: NodeState): void {
  const next = {
    ...node,
    status: 'ready',
    attempt: node.attempt + 1,
    tries: node.tries + 1,
    takes: 0,
  } as const
  if (step.lock === undefined || node.role === 'compensation') {
    run.put(next)
    run.changes.tasks.push({ kind: 'execute', node: next, attempt: next.attempt, delayMs: 0 })
    return
  }
  const key = evaluate(run, step, step.lock, 'lock', node.itemIndex)
  if ('error' in key) {
    endNode(run, node, { status: 'failed', error: key.error })
  } else if (typeof key.value !== 'string' || key.value === '') {
    const error = reportError(engineErrors.EXPRESSION_FAILED({ detail: '`lock` must yield a text' }))
    endNode(run, node, { status: 'failed', error })
  } else {
    run.put({ ...next, lockKey: storableText(key.value) })
    run.changes.lockRequests.push(next)
  }
}

export function evaluate(
  run: LiveRun,
  step: PlannedStep,
  expression: Expression,
  field: string,
  itemIndex: number = wholeStep,
): { readonly value: JsonValue } | { readonly error: ErrorReport } {
  try {
    const scope = run.scope(step.reads)
    if (itemIndex === wholeStep) return { value: expression.evaluate(scope) }
    const item = run.items(step)[itemIndex] ?? null
    return { value: expression.evaluate({ ...scope, item, index: itemIndex }) }
  } catch (error) {
    const detail = `\`${field}\`: ${firstLine(error)}`
    return { error: reportError(engineErrors.EXPRESSION_FAILED({ detail })) }
  }
}

/** Whether an attempt may begin, or go on after its process died. */
export function isDue({ status, attempt: last, token, waiting }: NodeState, attempt: number): boolean {
  if (attempt !== last) return false
  if (status === 'waiting') return waiting?.until !== undefined
  return status === 'ready' || (status === 'running' && token !== null)
}

/** Performs a step that waits again. */
export function wakeNode(run: LiveRun, node: NodeState): void {
  const next = run.put({ ...node, status: 'ready', attempt: node.attempt + 1, takes: 0, waiting: null })
  run.changes.tasks.push({ kind: 'execute', node: next, attempt: next.attempt, delayMs: 0 })
}

/**
 * A process takes up an attempt. Returns undefined when there is nothing to do: the attempt has ended, or the run has
 * been stopped since it was enqueued.
 */
export function claim(
  run: LiveRun,
  node: NodeState,
  attempt: number,
  executorId: string,
  token: string,
): NodeState | undefined {
  if (!isDue(node, attempt)) return undefined
  if (node.status === 'running' && node.token !== null) {
    recordAttempt(run, node, 'lost', null)
    if (run.header.phase === 'stopping') {
      endNode(run, node, { status: 'cancelled', error: reportError(engineErrors.STEP_CANCELLED()) })
      return undefined
    }
    if (node.takes >= mostTakes) {
      endNode(run, node, { status: 'failed', error: reportError(engineErrors.STEP_CRASHES()) })
      return undefined
    }
  }
  const taken = run.put({
    ...node,
    status: 'running',
    takes: node.takes + 1,
    waiting: null,
    token,
    executorId,
    startedAt: run.now,
    endedAt: null,
  })
  run.event(node.role === 'forward' ? 'step-started' : 'compensation-started', taken, {
    attempt,
    ...(taken.takes === 1 ? {} : { take: taken.takes }),
  })
  return taken
}

/** How an attempt ended, as far as scheduling goes. */
export type Settlement =
  | {
      readonly kind: 'succeeded'
      readonly value: JsonValue
      /** The value's canonical JSON and the digest of that. */
      readonly content: string
      readonly digest: Digest
    }
  | { readonly kind: 'failed'; readonly error: ErrorReport; readonly retryable: boolean }
  | {
      readonly kind: 'waiting'
      readonly reason: string
      readonly payload: JsonValue
      /** Milliseconds since the epoch. */
      readonly until?: number
    }
  | { readonly kind: 'delegated'; readonly childRunId: string }

/** Records how the attempt of a node that is running ended. The caller has checked the token. */
export function settle(run: LiveRun, node: NodeState, settlement: Settlement): void {
  const stopping = run.header.phase === 'stopping'
  recordAttempt(run, node, settlement.kind, settlement.kind === 'failed' ? settlement.error : null)
  switch (settlement.kind) {
    case 'succeeded':
      run.storeContent(settlement.value, settlement.content, settlement.digest)
      endNode(run, node, { status: 'succeeded', outputDigest: settlement.digest })
      return
    case 'failed':
      failNode(run, node, settlement.error, settlement.retryable)
      return
    case 'waiting': {
      const reason = storableText(settlement.reason)
      const payload = storableWhole(settlement.payload)
      if (stopping) {
        endNode(run, node, { status: 'cancelled' })
        return
      }
      const { until } = settlement
      const waiting = { reason, payload, ...(until === undefined ? {} : { until }) }
      const next = run.put({ ...node, status: 'waiting', token: null, executorId: null, waiting })
      run.event('step-waiting', node, { reason })
      if (until !== undefined) performAgainAt(run, next, until)
      return
    }
    case 'delegated': {
      const waiting = { reason: 'sub-workflow', payload: { runId: settlement.childRunId } }
      const delegated = run.put({ ...node, token: null, executorId: null, waiting })
      run.event('step-delegated', node, { runId: settlement.childRunId })
      if (stopping) cancelChild(run, delegated)
    }
  }
}

/** The attempt of that time is there from now on, and begins by itself if nothing else happens before. */
function performAgainAt(run: LiveRun, node: NodeState, until: number): void {
  const next = run.put({ ...node, attempt: node.attempt + 1, takes: 0 })
  const delayMs = Math.max(1, until - run.now)
  run.changes.tasks.push({ kind: 'execute', node: next, attempt: next.attempt, delayMs })
}

function recordAttempt(
  run: LiveRun,
  node: NodeState,
  outcome: Settlement['kind'] | 'lost',
  error: ErrorReport | null,
): void {
  const { stepId, itemIndex, role, attempt, takes: take, executorId, startedAt } = node
  run.changes.attempts.push({
    stepId,
    itemIndex,
    role,
    attempt,
    take,
    executorId: executorId ?? '',
    outcome,
    error: storableReport(error),
    startedAt: startedAt ?? run.now,
    endedAt: run.now,
  })
}

/** Tries again where the retry policy of the step has an attempt left, or ends the node as failed. */
export function failNode(run: LiveRun, node: NodeState, failure: ErrorReport, retryable: boolean): void {
  const error = storableReport(failure)
  const { retry } = run.planned(node.stepId)
  const again = retryable && node.tries < retry.attempts
  if (run.header.phase === 'stopping') {
    const status = error.code === engineErrors.STEP_CANCELLED.code ? 'cancelled' : 'failed'
    endNode(run, node, { status, error })
  } else if (!again) {
    endNode(run, node, { status: 'failed', error })
  } else {
    const delayMs = retryDelayMs(retry, node.tries)
    const next = run.put({
      ...node,
      status: 'ready',
      attempt: node.attempt + 1,
      tries: node.tries + 1,
      takes: 0,
      token: null,
      executorId: null,
      waiting: null,
      error,
    })
    run.event('step-retrying', node, { attempt: next.attempt, delayMs, error: eventError(error) })
    run.changes.tasks.push({ kind: 'execute', node: next, attempt: next.attempt, delayMs })
  }
}

export interface Ending {
  readonly status: 'succeeded' | 'failed' | 'skipped' | 'cancelled'
  readonly outputDigest?: Digest
  readonly error?: ErrorReport
}

/** Ends a step, an item or a compensation; the scheduler then draws the consequences. */
export function endNode(run: LiveRun, node: NodeState, ending: Ending): void {
  const { status, outputDigest = null, error = null } = ending
  if (node.lockKey !== null) run.changes.lockReleases.push({ node, lockKey: node.lockKey })
  const endedSequence = run.event(node.role === 'forward' ? 'step-ended' : 'compensation-ended', node, {
    status,
    ...(node.attempt === 0 ? {} : { attempt: node.attempt }),
    ...(error === null ? {} : { error: eventError(error) }),
  })
  const ended = run.put({
    ...node,
    status,
    token: null,
    executorId: null,
    lockKey: null,
    waiting: null,
    outputDigest,
    error: storableReport(error),
    endedSequence,
    endedAt: run.now,
  })
  run.ended.push(ended)
}

/** The run that a step of kind `workflow` has started and that will end it. */
export function childRunOf({ waiting }: Pick<NodeState, 'waiting'>): string | undefined {
  const payload = waiting?.payload
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return undefined
  const { runId } = payload
  return typeof runId === 'string' ? runId : undefined
}

export function cancelChild(run: LiveRun, node: NodeState): void {
  const runId = childRunOf(node)
  if (runId !== undefined)
    run.changes.tasks.push({ kind: 'cancel-child', runId, occasion: run.header.lastSequence })
}

/** As much of an error as belongs into the event log; the step has the whole report. */
export function eventError({ code, message }: ErrorReport): JsonObject {
  return { code, message }
}

export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? message
}
