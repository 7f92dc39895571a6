import type { Digest, ErrorReport, PrincipalId } from '../kernel/index.ts'
import { digestOf, reportError } from '../kernel/index.ts'
import { engineErrors } from './errors.ts'
import { childRunOf, endNode, failNode, wakeNode } from './leaves.ts'
import type { LiveRun } from './live-run.ts'
import type { Plan } from './plan.ts'
import type { JsonValue } from './ports.ts'
import { newNode, stepNode, wholeStep } from './run-state.ts'
import type { NodeId, NodeState } from './run-state.ts'
import { activateReadySteps, drawConsequences } from './scheduler.ts'
import { stop } from './stopping.ts'
import { storableText } from './storable.ts'

/** What people and other runs ask of a run. Each either throws before it changes anything, or changes all of it. */

/** Puts the steps of the plan into a new run and starts those that need nothing. */
export function begin(run: LiveRun): void {
  const { definitionDigest, planDigest, planVersion, principalId, workflow } = run.header
  run.header = { ...run.header, createdAt: run.now }
  run.changes.plans.push({ version: planVersion, digest: planDigest, reason: 'the definition', principalId })
  run.event('run-started', undefined, {
    workflow,
    digest: definitionDigest,
    steps: run.plan.steps.size,
  })
  for (const id of run.plan.steps.keys()) run.put(newNode(stepNode(id)))
  activateReadySteps(run)
}

export function cancel(run: LiveRun, reason: string, principalId: PrincipalId): void {
  const { phase, outcome } = run.header
  if (phase === 'ended' && outcome !== 'cancelled') throw engineErrors.RUN_ENDED({ detail: run.header.runId })
  if (phase !== 'forward') return
  const error = engineErrors.STEP_CANCELLED({
    detail: reason,
    details: { reason: storableText(reason), principalId },
  })
  stop(run, 'cancelled', reportError(error))
  drawConsequences(run)
}

export interface Answer {
  readonly value: JsonValue
  /** Canonical JSON of the value, and the digest of that. */
  readonly content: string
  readonly digest: Digest
}

/** Ends a step that waits. The same answer again is fine; a different one is refused. */
export function complete(run: LiveRun, stepId: string, itemIndex: number, answer: Answer): void {
  const node = run.find(stepNode(stepId, itemIndex))
  if (node === undefined) throw engineErrors.UNKNOWN_STEP({ detail: stepId })
  if (node.status === 'succeeded') {
    if (node.outputDigest === answer.digest) return
    throw engineErrors.ALREADY_COMPLETED({ detail: stepId })
  }
  if (node.status !== 'waiting') throw engineErrors.NOT_WAITING({ detail: `${stepId} is ${node.status}` })
  run.storeContent(answer.value, answer.content, answer.digest)
  endNode(run, node, { status: 'succeeded', outputDigest: answer.digest })
  drawConsequences(run)
}

/** Has a step that waits performed again; one that does not wait, any more or yet, stays as it is. */
export function wake(run: LiveRun, stepId: string, itemIndex: number): void {
  const node = run.find(stepNode(stepId, itemIndex))
  if (node === undefined) throw engineErrors.UNKNOWN_STEP({ detail: stepId })
  if (node.status !== 'waiting') return
  wakeNode(run, node)
  drawConsequences(run)
}

export interface ChildEnd {
  readonly runId: string
  readonly status: 'succeeded' | 'failed' | 'cancelled'
  readonly result: JsonValue
  readonly error: ErrorReport | null
}

/** Ends the step that delegated to a sub-workflow. Anything but the awaited end changes nothing. */
export function endDelegation(run: LiveRun, id: NodeId, child: ChildEnd): void {
  const node = run.find(id)
  if (node?.status !== 'running' || node.token !== null || childRunOf(node) !== child.runId) return
  if (child.status === 'succeeded') {
    endNode(run, node, { status: 'succeeded', outputDigest: run.store(child.result) })
  } else if (run.header.phase === 'stopping') {
    const error = reportError(engineErrors.STEP_CANCELLED({ detail: child.runId }))
    endNode(run, node, { status: child.status, error: child.error ?? error })
  } else {
    const detail = `${child.runId} ${child.status}${child.error === null ? '' : `: ${child.error.message}`}`
    const failure = engineErrors.CHILD_FAILED({ detail, details: { runId: child.runId, cause: child.error } })
    failNode(run, node, reportError(failure), true)
  }
  drawConsequences(run)
}

/** Does again what failed, was cancelled or was undone; what succeeded stands. */
export function resume(run: LiveRun): void {
  const { phase, outcome } = run.header
  if (phase !== 'ended' || outcome === null) throw engineErrors.NOT_RESUMABLE({ detail: run.header.status })
  run.header = {
    ...run.header,
    phase: 'forward',
    outcome: null,
    status: 'running',
    error: null,
    resultDigest: null,
    endedAt: null,
  }
  run.event('run-resumed', undefined)
  for (const node of [...run.nodes()]) if (isToBeDoneAgain(run, node)) run.put(again(node))
  activateReadySteps(run)
}

function isToBeDoneAgain(run: LiveRun, node: NodeState): boolean {
  if (node.role === 'compensation') return false
  if (node.status === 'cancelled' || node.status === 'compensated') return true
  if (node.status === 'failed') return run.planned(node.stepId).definition.onFailure === 'fail'
  // A fan-out is gathered again when any of its items is done again.
  return (
    node.itemIndex === wholeStep &&
    run.fanOut(node.stepId).total > 0 &&
    [...run.nodes()].some(
      (item) => item.stepId === node.stepId && item.itemIndex !== wholeStep && item.status === 'compensated',
    )
  )
}

function again(node: NodeState): NodeState {
  return {
    ...newNode(node),
    attempt: node.attempt,
    cycle: node.cycle + (node.status === 'compensated' ? 1 : 0),
  }
}

/** Replaces the steps that have not begun. `plan` holds the others as they were, followed by the new ones. */
export function revise(run: LiveRun, plan: Plan, reason: string, principalId: PrincipalId): void {
  const { phase, runId } = run.header
  if (phase !== 'forward') throw engineErrors.RUN_ENDED({ detail: runId })
  for (const node of run.nodes()) {
    if (node.itemIndex !== wholeStep || node.role !== 'forward' || node.status === 'pending') continue
    const kept = plan.steps.get(node.stepId)
    if (
      kept === undefined ||
      digestOfStep(kept.definition) !== digestOfStep(run.planned(node.stepId).definition)
    )
      throw engineErrors.BAD_PLAN({ detail: `step ${node.stepId} has begun meanwhile` })
  }
  for (const node of [...run.nodes()])
    if (node.itemIndex === wholeStep && node.status === 'pending' && !plan.steps.has(node.stepId))
      run.remove(node)
  run.follow(plan)
  const { planVersion: version } = run.header
  run.changes.plans.push({ version, digest: plan.digest, reason: storableText(reason), principalId })
  run.event('plan-revised', undefined, { version, digest: plan.digest, reason })
  for (const id of plan.steps.keys()) if (run.find(stepNode(id)) === undefined) run.put(newNode(stepNode(id)))
  activateReadySteps(run)
}

/** Steps that a revision has to keep as they are. */
export function begunSteps(run: LiveRun): ReadonlySet<string> {
  const begun = [...run.nodes()].filter(
    (node) => node.itemIndex === wholeStep && node.role === 'forward' && node.status !== 'pending',
  )
  return new Set(begun.map(({ stepId }) => stepId))
}

function digestOfStep(step: unknown): Digest {
  return digestOf(JSON.stringify(step))
}
