import type { RunStatus, StepStatus } from '../contracts/index.ts'
import type { ErrorReport } from '../kernel/index.ts'
import type { JsonColumn } from '../store/index.ts'
import type { JsonObject, JsonValue } from './ports.ts'
import type { NodeRole, RunOutcome, RunPhase } from './run-state.ts'

declare module '../store/tables.ts' {
  interface Tables {
    workflow_versions: WorkflowVersionsTable
    runs: RunsTable
    run_plans: RunPlansTable
    run_steps: RunStepsTable
    step_attempts: StepAttemptsTable
    run_events: RunEventsTable
    resource_locks: ResourceLocksTable
    executors: ExecutorsTable
  }
}

export interface WorkflowVersionsTable {
  tenant_id: string
  digest: string
  name: string
  version: number
  state: 'draft' | 'approved' | 'retired'
  principal_id: string
  created_at: Date
}

export interface RunsTable {
  tenant_id: string
  run_id: string
  /** Who started it. */
  principal_id: string
  /** That of the run which started it, for a run that another one has started. */
  project_id: string
  workflow: string
  workflow_version: number
  /** The definition that the run was started with. */
  definition_digest: string
  /** The plan it follows now; another one than the definition after a revision. */
  plan_digest: string
  plan_version: number
  phase: RunPhase
  outcome: RunOutcome | null
  status: RunStatus
  inputs_digest: string
  result_digest: string | null
  error: JsonColumn<ErrorReport> | null
  labels: JsonColumn<Record<string, string>>
  parent_run_id: string | null
  parent_step_id: string | null
  parent_item_index: number | null
  /** How many runs this one is nested in. */
  depth: number
  /** Grows with every change, so that a copy in memory can be told from a stale one. */
  revision: number
  last_sequence: number
  created_at: Date
  ended_at: Date | null
}

export interface RunPlansTable {
  tenant_id: string
  run_id: string
  version: number
  digest: string
  reason: string
  principal_id: string
  created_at: Date
}

export interface RunStepsTable {
  tenant_id: string
  run_id: string
  step_id: string
  /** -1 for the step itself. */
  item_index: number
  role: NodeRole
  status: StepStatus
  attempt: number
  tries: number
  takes: number
  cycle: number
  token: string | null
  executor_id: string | null
  lock_key: string | null
  output_digest: string | null
  error: JsonColumn<ErrorReport> | null
  waiting: JsonColumn<{ reason: string; payload: JsonValue }> | null
  ended_sequence: number | null
  started_at: Date | null
  ended_at: Date | null
}

export interface StepAttemptsTable {
  tenant_id: string
  run_id: string
  step_id: string
  item_index: number
  role: NodeRole
  attempt: number
  /** How often this attempt was begun; more than once when processes died under it. */
  take: number
  executor_id: string
  outcome: 'succeeded' | 'failed' | 'waiting' | 'delegated' | 'lost'
  error: JsonColumn<ErrorReport> | null
  started_at: Date
  ended_at: Date
}

export interface RunEventsTable {
  tenant_id: string
  run_id: string
  sequence: number
  at: Date
  kind: string
  step_id: string | null
  item_index: number | null
  data: JsonColumn<JsonObject>
}

export interface ResourceLocksTable {
  tenant_id: string
  lock_key: string
  run_id: string
  step_id: string
  item_index: number
  /** Order of asking. */
  position: number
  held: boolean
  principal_id: string
  attempt: number
  requested_at: Date
}

export interface ExecutorsTable {
  executor_id: string
  host: string
  process_id: number
  started_at: Date
  beat_at: Date
}
