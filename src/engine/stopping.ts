import type { ErrorReport } from '../kernel/index.ts'
import { cancelChild, eventError, firstLine, launch } from './leaves.ts'
import type { LiveRun } from './live-run.ts'
import type { JsonObject } from './ports.ts'
import { hasEnded, newNode, stepNode, wholeStep } from './run-state.ts'
import type { NodeState, RunOutcome } from './run-state.ts'

/** Stops the run: what has not begun never will, what runs is told to end, what succeeded is then undone. */
export function stop(run: LiveRun, outcome: RunOutcome, error: ErrorReport | null): void {
  if (run.header.phase !== 'forward') return
  run.header = { ...run.header, phase: 'stopping', outcome, error, status: 'running' }
  run.event('run-stopping', undefined, {
    outcome,
    ...(error === null ? {} : { error: eventError(error) }),
  })
  const open = [...run.nodes()].filter((node) => !hasEnded(node))
  for (const node of open) {
    if (node.status !== 'running') cancelNode(run, node)
    else if (run.isLeaf(node) && node.token === null) cancelChild(run, node)
  }
  cancelIdleFanOuts(run)
  continueStopping(run)
}

/** Steps whose items have all ended have nothing left to wait for. */
export function cancelIdleFanOuts(run: LiveRun): void {
  for (const { id, over } of run.plan.steps.values()) {
    const node = run.step(id)
    if (over !== undefined && node.status === 'running' && run.fanOut(id).active === 0) cancelNode(run, node)
  }
}

/** Ends a node that is not being performed, without what would otherwise follow from its end. */
function cancelNode(run: LiveRun, node: NodeState): void {
  if (node.lockKey !== null) run.changes.lockReleases.push({ node, lockKey: node.lockKey })
  // Thousands of items that never began would only flood the log.
  const silent = node.itemIndex !== wholeStep && node.status === 'pending'
  const endedSequence = silent ? null : run.event('step-ended', node, { status: 'cancelled' })
  run.put({ ...node, status: 'cancelled', lockKey: null, waiting: null, endedSequence, endedAt: run.now })
}

/** Goes on to undoing, and then to the end of the run, as soon as nothing is being performed any more. */
export function continueStopping(run: LiveRun): void {
  if (run.header.phase !== 'stopping' || run.active > 0) return
  run.header = { ...run.header, phase: 'compensating' }
  for (const node of compensable(run)) {
    const id = stepNode(node.stepId, node.itemIndex, 'compensation')
    run.put({ ...newNode(id), attempt: run.find(id)?.attempt ?? 0, cycle: node.cycle })
  }
  compensateNext(run)
}

/** What succeeded and can be undone, last first. */
function compensable(run: LiveRun): readonly NodeState[] {
  return [...run.nodes()]
    .filter(
      (node) =>
        node.role === 'forward' &&
        node.status === 'succeeded' &&
        run.isLeaf(node) &&
        run.planned(node.stepId).compensation !== undefined,
    )
    .sort((a, b) => (b.endedSequence ?? 0) - (a.endedSequence ?? 0))
}

function compensateNext(run: LiveRun): void {
  for (const { stepId, itemIndex } of compensable(run)) {
    const undo = run.find(stepNode(stepId, itemIndex, 'compensation'))
    if (undo?.status !== 'pending') continue
    launch(run, run.planned(stepId), undo)
    return
  }
  endRun(run)
}

/** A compensation that fails is on the record; the others are done all the same. */
export function afterCompensation(run: LiveRun, undo: NodeState): void {
  const node = run.find(stepNode(undo.stepId, undo.itemIndex))
  if (undo.status === 'succeeded' && node !== undefined) {
    run.put({ ...node, status: 'compensated' })
    run.event('step-compensated', node)
  }
  compensateNext(run)
}

export function endRun(run: LiveRun): void {
  const status = run.header.outcome ?? 'succeeded'
  const resultDigest = status === 'succeeded' ? run.store(resultOf(run)) : null
  run.header = { ...run.header, phase: 'ended', status, resultDigest, endedAt: run.now }
  const { error, parent } = run.header
  const occasion = run.event('run-ended', undefined, {
    status,
    ...(error === null ? {} : { error: eventError(error) }),
  })
  if (parent === null) return
  const node = stepNode(parent.stepId, parent.itemIndex)
  run.changes.tasks.push({ kind: 'settle-parent', runId: parent.runId, node, occasion })
}

/** A member of the result that cannot be evaluated is null, and the log of the run says why. */
function resultOf(run: LiveRun): JsonObject {
  const scope = run.scope(run.plan.resultReads)
  const members = [...run.plan.result].map(([name, expression]) => {
    try {
      return [name, expression.evaluate(scope)] as const
    } catch (error) {
      const message = `\`result.${name}\` has no value: ${firstLine(error)}`
      run.event('log', undefined, { level: 'warn', message })
      return [name, null] as const
    }
  })
  return Object.fromEntries(members)
}
