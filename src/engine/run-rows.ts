import type { Digest, PrincipalId, ProjectId, RunId, TenantId } from '../kernel/index.ts'
import type { Selectable } from 'kysely'
import type { LiveRun, RunChanges } from './live-run.ts'
import type { NodeState, RunHeader } from './run-state.ts'
import type { RunsTable, RunStepsTable } from './tables.ts'

export type RunRow = Selectable<RunsTable>
export type StepRow = Selectable<RunStepsTable>

/** Ids and digests are branded where they leave the database, in these functions only. */
export function headerOf(row: RunRow): RunHeader {
  const { parent_run_id: parentRun, parent_step_id: parentStep, parent_item_index: parentItem } = row
  return {
    tenantId: row.tenant_id as TenantId,
    runId: row.run_id as RunId,
    principalId: row.principal_id as PrincipalId,
    projectId: row.project_id as ProjectId,
    workflow: row.workflow,
    workflowVersion: row.workflow_version,
    definitionDigest: row.definition_digest as Digest,
    planDigest: row.plan_digest as Digest,
    planVersion: row.plan_version,
    phase: row.phase,
    outcome: row.outcome,
    status: row.status,
    inputsDigest: row.inputs_digest as Digest,
    resultDigest: row.result_digest as Digest | null,
    error: row.error,
    labels: row.labels,
    parent:
      parentRun === null || parentStep === null || parentItem === null
        ? null
        : { runId: parentRun as RunId, stepId: parentStep, itemIndex: parentItem },
    depth: row.depth,
    revision: row.revision,
    lastSequence: row.last_sequence,
    createdAt: row.created_at.getTime(),
    endedAt: row.ended_at?.getTime() ?? null,
  }
}

export function nodeOf(row: StepRow): NodeState {
  return {
    stepId: row.step_id,
    itemIndex: row.item_index,
    role: row.role,
    status: row.status,
    attempt: row.attempt,
    tries: row.tries,
    takes: row.takes,
    cycle: row.cycle,
    token: row.token,
    executorId: row.executor_id,
    lockKey: row.lock_key,
    outputDigest: row.output_digest as Digest | null,
    error: row.error,
    waiting: row.waiting,
    endedSequence: row.ended_sequence,
    startedAt: row.started_at?.getTime() ?? null,
    endedAt: row.ended_at?.getTime() ?? null,
  }
}

/** Columns and types of what is written; the tenant is the same for all and comes first in each statement. */
export const written = {
  runs: {
    run_id: 'text',
    principal_id: 'text',
    project_id: 'text',
    workflow: 'text',
    workflow_version: 'int',
    definition_digest: 'text',
    plan_digest: 'text',
    plan_version: 'int',
    phase: 'text',
    outcome: 'text',
    status: 'text',
    inputs_digest: 'text',
    result_digest: 'text',
    error: 'jsonb',
    labels: 'jsonb',
    parent_run_id: 'text',
    parent_step_id: 'text',
    parent_item_index: 'int',
    depth: 'int',
    revision: 'bigint',
    last_sequence: 'bigint',
    created_at: 'timestamptz',
    ended_at: 'timestamptz',
  },
  run_steps: {
    run_id: 'text',
    step_id: 'text',
    item_index: 'int',
    role: 'text',
    status: 'text',
    attempt: 'int',
    tries: 'int',
    takes: 'int',
    cycle: 'int',
    token: 'text',
    executor_id: 'text',
    lock_key: 'text',
    output_digest: 'text',
    error: 'jsonb',
    waiting: 'jsonb',
    ended_sequence: 'bigint',
    started_at: 'timestamptz',
    ended_at: 'timestamptz',
  },
  step_attempts: {
    run_id: 'text',
    step_id: 'text',
    item_index: 'int',
    role: 'text',
    attempt: 'int',
    take: 'int',
    executor_id: 'text',
    outcome: 'text',
    error: 'jsonb',
    started_at: 'timestamptz',
    ended_at: 'timestamptz',
  },
  run_events: {
    run_id: 'text',
    sequence: 'bigint',
    at: 'timestamptz',
    kind: 'text',
    step_id: 'text',
    item_index: 'int',
    data: 'jsonb',
  },
  run_plans: {
    run_id: 'text',
    version: 'int',
    digest: 'text',
    reason: 'text',
    principal_id: 'text',
    created_at: 'timestamptz',
  },
} as const

type WrittenTable = keyof typeof written
type Row<T extends WrittenTable> = Readonly<Record<keyof (typeof written)[T], unknown>>

function runRow(header: RunHeader): Row<'runs'> {
  return {
    run_id: header.runId,
    principal_id: header.principalId,
    project_id: header.projectId,
    workflow: header.workflow,
    workflow_version: header.workflowVersion,
    definition_digest: header.definitionDigest,
    plan_digest: header.planDigest,
    plan_version: header.planVersion,
    phase: header.phase,
    outcome: header.outcome,
    status: header.status,
    inputs_digest: header.inputsDigest,
    result_digest: header.resultDigest,
    error: header.error,
    labels: header.labels,
    parent_run_id: header.parent?.runId ?? null,
    parent_step_id: header.parent?.stepId ?? null,
    parent_item_index: header.parent?.itemIndex ?? null,
    depth: header.depth,
    revision: header.revision,
    last_sequence: header.lastSequence,
    created_at: time(header.createdAt),
    ended_at: time(header.endedAt),
  }
}

function stepRow(runId: RunId, node: NodeState): Row<'run_steps'> {
  return {
    run_id: runId,
    step_id: node.stepId,
    item_index: node.itemIndex,
    role: node.role,
    status: node.status,
    attempt: node.attempt,
    tries: node.tries,
    takes: node.takes,
    cycle: node.cycle,
    token: node.token,
    executor_id: node.executorId,
    lock_key: node.lockKey,
    output_digest: node.outputDigest,
    error: node.error,
    waiting: node.waiting,
    ended_sequence: node.endedSequence,
    started_at: time(node.startedAt),
    ended_at: time(node.endedAt),
  }
}

export interface RunRows {
  readonly runs: Row<'runs'>[]
  readonly run_steps: Row<'run_steps'>[]
  readonly step_attempts: Row<'step_attempts'>[]
  readonly run_events: Row<'run_events'>[]
  readonly run_plans: Row<'run_plans'>[]
  readonly removed_steps: { readonly run_id: RunId; readonly step_id: string }[]
  readonly blobs: { readonly digest: Digest; readonly content: string }[]
  /** Tickets whose work is on the record with these rows. */
  readonly finished_tickets: { readonly id: string }[]
}

/** Adds the rows of one run's changes. */
export function collectRows(run: LiveRun, changes: RunChanges, rows: RunRows): void {
  const { runId } = run.header
  rows.runs.push(runRow(run.header))
  for (const { stepId } of changes.removedNodes) rows.removed_steps.push({ run_id: runId, step_id: stepId })
  for (const id of changes.finishedTickets) rows.finished_tickets.push({ id })
  for (const [digest, content] of changes.blobs) rows.blobs.push({ digest, content })
  for (const key of changes.nodes) {
    const node = run.findByKey(key)
    if (node !== undefined) rows.run_steps.push(stepRow(runId, node))
  }
  for (const attempt of changes.attempts)
    rows.step_attempts.push({
      run_id: runId,
      step_id: attempt.stepId,
      item_index: attempt.itemIndex,
      role: attempt.role,
      attempt: attempt.attempt,
      take: attempt.take,
      executor_id: attempt.executorId,
      outcome: attempt.outcome,
      error: attempt.error,
      started_at: time(attempt.startedAt),
      ended_at: time(attempt.endedAt),
    })
  for (const event of changes.events)
    rows.run_events.push({
      run_id: runId,
      sequence: event.sequence,
      at: time(event.at),
      kind: event.kind,
      step_id: event.stepId,
      item_index: event.itemIndex,
      data: event.data,
    })
  for (const plan of changes.plans)
    rows.run_plans.push({
      run_id: runId,
      version: plan.version,
      digest: plan.digest,
      reason: plan.reason,
      principal_id: plan.principalId,
      created_at: time(run.now),
    })
}

export function time(milliseconds: number): string
export function time(milliseconds: number | null): string | null
export function time(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString()
}
