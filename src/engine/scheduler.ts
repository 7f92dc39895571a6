import type { ErrorReport } from '../kernel/index.ts'
import { reportError } from '../kernel/index.ts'
import { engineErrors } from './errors.ts'
import type { Expression } from './expressions.ts'
import { endNode, evaluate, launch } from './leaves.ts'
import type { LiveRun } from './live-run.ts'
import type { PlannedStep } from './plan.ts'
import { hasEnded, newNode, stepNode, wholeStep } from './run-state.ts'
import type { NodeState } from './run-state.ts'
import { afterCompensation, cancelIdleFanOuts, continueStopping, endRun, stop } from './stopping.ts'
import { storableReport } from './storable.ts'

/**
 * The rules of scheduling, without time, randomness, input or output of their own: each function changes the run in
 * memory, which notes what has to be written and which tasks have to be enqueued.
 *
 * A step without `when` runs when all of its needs succeeded, or failed with `onFailure: continue`; if one was skipped,
 * it is skipped too. A step with `when` decides by itself once its needs have ended.
 */

const largestFanOut = 10_000

/** Starts, or skips, every step whose needs have ended. For new plans, and after a resume. */
export function activateReadySteps(run: LiveRun): void {
  for (const step of run.plan.steps.values()) activateIfReady(run, step)
  drawConsequences(run)
}

/** Draws what follows from all ends since the last call; every change of a run closes with it. */
export function drawConsequences(run: LiveRun): void {
  for (let node = run.ended.shift(); node !== undefined; node = run.ended.shift()) {
    if (node.role === 'compensation') afterCompensation(run, node)
    else if (run.header.phase !== 'forward') {
      cancelIdleFanOuts(run)
      continueStopping(run)
    } else if (node.itemIndex === wholeStep) afterStep(run, node)
    else afterItem(run, node)
  }
  if (run.header.phase !== 'forward') return
  if (run.open === 0) endRun(run)
  else updateStatus(run)
}

function afterStep(run: LiveRun, node: NodeState): void {
  if (node.status === 'failed' && !toleratesFailure(run, node.stepId)) {
    const error = node.error ?? reportError(new Error('the step failed'))
    stop(run, 'failed', { ...error, details: { ...error.details, stepId: node.stepId } })
    return
  }
  for (const dependent of run.planned(node.stepId).dependents) activateIfReady(run, run.planned(dependent))
}

function afterItem(run: LiveRun, item: NodeState): void {
  const node = run.step(item.stepId)
  if (hasEnded(node)) return
  if (item.status === 'failed' && !toleratesFailure(run, item.stepId)) {
    const detail = `item ${item.itemIndex}: ${item.error?.message ?? 'it failed'}`
    const failure = engineErrors.ITEMS_FAILED({ detail, details: { cause: item.error } })
    endNode(run, node, { status: 'failed', error: storableReport(reportError(failure)) })
    return
  }
  launchItems(run, run.planned(item.stepId))
}

function activateIfReady(run: LiveRun, step: PlannedStep): void {
  const node = run.step(step.id)
  if (run.header.phase !== 'forward' || node.status !== 'pending') return
  if (!step.needs.every((need) => hasEnded(run.step(need)))) return
  const decision = decide(run, step)
  if (decision === 'skip') endNode(run, node, { status: 'skipped' })
  else if (decision !== 'run') endNode(run, node, { status: 'failed', error: decision })
  else if (step.over === undefined) launch(run, step, node)
  else fanOut(run, step, step.over)
}

function decide(run: LiveRun, step: PlannedStep): 'run' | 'skip' | ErrorReport {
  if (step.when === undefined) {
    const fit = step.needs.every((need) => {
      const { status } = run.step(need)
      return status === 'succeeded' || (status === 'failed' && toleratesFailure(run, need))
    })
    return fit ? 'run' : 'skip'
  }
  const answer = evaluate(run, step, step.when, 'when')
  if ('error' in answer) return answer.error
  if (typeof answer.value === 'boolean') return answer.value ? 'run' : 'skip'
  return reportError(engineErrors.EXPRESSION_FAILED({ detail: '`when` must yield true or false' }))
}

function toleratesFailure(run: LiveRun, stepId: string): boolean {
  return run.planned(stepId).definition.onFailure === 'continue'
}

function fanOut(run: LiveRun, step: PlannedStep, over: Expression): void {
  const node = run.step(step.id)
  const list = evaluate(run, step, over, 'over')
  const fail = (error: ErrorReport): void => endNode(run, node, { status: 'failed', error })
  if ('error' in list) {
    fail(list.error)
  } else if (!Array.isArray(list.value)) {
    fail(reportError(engineErrors.NOT_A_LIST()))
  } else if (list.value.length > largestFanOut) {
    fail(reportError(engineErrors.TOO_MANY_ITEMS({ detail: `${list.value.length} items` })))
  } else {
    const begun = run.put({ ...node, status: 'running', startedAt: node.startedAt ?? run.now })
    run.event('step-started', begun, { items: list.value.length })
    // After a resume the items are there already, and those that succeeded are not done again.
    for (const index of list.value.keys())
      if (run.find(stepNode(step.id, index)) === undefined) run.put(newNode(stepNode(step.id, index)))
    launchItems(run, step)
  }
}

function launchItems(run: LiveRun, step: PlannedStep): void {
  const { pending } = run.fanOut(step.id)
  while (pending.length > 0 && run.fanOut(step.id).active < step.definition.parallel) {
    const item = run.find(stepNode(step.id, pending.shift()))
    if (item?.status === 'pending') launch(run, step, item)
  }
  const { ended, total } = run.fanOut(step.id)
  if (ended === total) joinItems(run, step, total)
}

/** The output of a fan-out is the list of its items' outputs, null for those that failed. */
function joinItems(run: LiveRun, step: PlannedStep, total: number): void {
  const items = Array.from({ length: total }, (_, index) => run.find(stepNode(step.id, index)))
  const failed = items.filter((item) => item?.status === 'failed').length
  const outputDigest = run.store(items.map((item) => run.value(item?.outputDigest ?? null)))
  const node = run.step(step.id)
  if (failed === 0) {
    endNode(run, node, { status: 'succeeded', outputDigest })
  } else {
    const error = reportError(engineErrors.ITEMS_FAILED({ detail: `${failed} of ${total}` }))
    endNode(run, node, { status: 'failed', outputDigest, error })
  }
}

/** `waiting` when nothing goes on until somebody answers. */
function updateStatus(run: LiveRun): void {
  const status = run.active === 0 && run.waiting > 0 ? 'waiting' : 'running'
  if (status === run.header.status) return
  run.header = { ...run.header, status }
  run.event(status === 'waiting' ? 'run-waiting' : 'run-resumed', undefined)
}
