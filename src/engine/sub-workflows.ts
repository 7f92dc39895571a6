import type { PrincipalId, RunId, TenantId } from '../kernel/index.ts'
import { AtelierError } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'
import { failureOf } from './attempt.ts'
import type { Ticket } from './durable-functions.ts'
import { approvedPlan } from './definition-store.ts'
import { engineErrors } from './errors.ts'
import { childRunOf } from './leaves.ts'
import type { Settlement } from './leaves.ts'
import type { LiveRun } from './live-run.ts'
import { createRun } from './new-run.ts'
import type { PlanCache } from './plan-cache.ts'
import type { StepInvocation } from './ports.ts'
import { begin, cancel, endDelegation, resume } from './run-commands.ts'
import { readHeader } from './run-queries.ts'
import { stepNode, wholeStep } from './run-state.ts'
import type { NodeId, NodeState } from './run-state.ts'
import { loadValues } from './run-store.ts'
import type { RunWriter } from './run-writer.ts'

export interface SubWorkflowsOptions {
  readonly database: Database
  readonly writer: RunWriter
  readonly plans: PlanCache
}

const deepest = 8

/**
 * A step of kind `workflow` starts a run of its own and lets go: nothing is held while that goes on. When it ends, a
 * ticket that was written in the same transaction ends the step.
 */
export class SubWorkflows {
  readonly #options: SubWorkflowsOptions

  constructor(options: SubWorkflowsOptions) {
    this.#options = options
  }

  /** Starts the run of the step, or resumes it where an earlier attempt of the step started it. */
  async start(run: LiveRun, node: NodeState, invocation: StepInvocation): Promise<Settlement> {
    const { writer } = this.#options
    const { tenantId, principalId, projectId, runId: parentRunId, depth } = run.header
    const runId = childRunId(run, node)
    try {
      if (depth >= deepest) throw engineErrors.TOO_DEEP({ detail: parentRunId })
      const plan = await this.#options.database.transaction(
        { kind: 'tenant', tenantId, principalId },
        (_tx, client) => approvedPlan(client, tenantId, invocation.uses, this.#options.plans),
      )
      const parent = { runId: parentRunId, stepId: node.stepId, itemIndex: node.itemIndex }
      const seed = { tenantId, principalId, projectId, runId, plan, inputs: invocation.with, labels: {} }
      const create = createRun({ ...seed, parent, depth: depth + 1 })
      await writer.submit({
        tenantId,
        runId,
        create,
        everything: true,
        apply: (child) => {
          if (child.header.revision === 0 && child.header.lastSequence === 0) begin(child)
          else if (child.header.outcome !== null && child.header.phase === 'ended') resume(child)
        },
      })
      return { kind: 'delegated', childRunId: runId }
    } catch (error) {
      return failureOf(error)
    }
  }

  /** Ends the step if its run has ended. Does nothing for a step that has delegated nothing. */
  async settle(ticket: Ticket): Promise<void> {
    const tenantId = ticket.tenantId as TenantId
    const parentRunId = ticket.runId as RunId
    const id = stepNode(ticket.stepId, ticket.itemIndex, ticket.role)
    const child = await this.#endedChild(tenantId, ticket.principalId as PrincipalId, parentRunId, id)
    if (child === undefined) return
    await this.#options.writer.submit({
      tenantId,
      runId: parentRunId,
      persistent: true,
      apply: (run) => endDelegation(run, id, child),
    })
  }

  async cancel(ticket: Ticket): Promise<void> {
    const { tenantId, runId, principalId } = ticket
    const apply = (run: LiveRun): void =>
      cancel(run, 'the run it belongs to was stopped', principalId as PrincipalId)
    try {
      await this.#options.writer.submit({
        tenantId: tenantId as TenantId,
        runId: runId as RunId,
        persistent: true,
        apply,
      })
    } catch (error) {
      const code = error instanceof AtelierError ? error.code : undefined
      if (code !== engineErrors.RUN_ENDED.code && code !== engineErrors.UNKNOWN_RUN.code) throw error
    }
  }

  async #endedChild(tenantId: TenantId, principalId: PrincipalId, parentRunId: RunId, id: NodeId) {
    const scope = { kind: 'tenant', tenantId, principalId } as const
    return this.#options.database.transaction(scope, async (tx, client) => {
      const row = await tx
        .selectFrom('run_steps')
        .select('waiting')
        .where('tenant_id', '=', tenantId)
        .where('run_id', '=', parentRunId)
        .where('step_id', '=', id.stepId)
        .where('item_index', '=', id.itemIndex)
        .where('role', '=', id.role)
        .executeTakeFirst()
      const childId = row === undefined ? undefined : childRunOf(row)
      if (childId === undefined) return undefined
      const { runId, status, resultDigest, error } = await readHeader(tx, tenantId, childId)
      if (status === 'running' || status === 'waiting') return undefined
      const values = await loadValues(client, tenantId, resultDigest === null ? [] : [resultDigest])
      const result = resultDigest === null ? null : (values.get(resultDigest) ?? null)
      return { runId, status, result, error }
    })
  }
}

/** The same for every attempt, so that a step which is tried again resumes its run; another one after an undo. */
function childRunId({ header }: LiveRun, node: NodeState): RunId {
  const item = node.itemIndex === wholeStep ? '' : `.${node.itemIndex}`
  const cycle = node.cycle === 0 ? '' : `.r${node.cycle}`
  return `${header.runId}.${node.stepId}${item}${cycle}` as RunId
}
