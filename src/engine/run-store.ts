import type { PoolClient } from 'pg'
import type { Digest, TenantId } from '../kernel/index.ts'
import type { ScopedStatement } from '../store/index.ts'
import { readDefinition } from './definition.ts'
import { engineErrors } from './errors.ts'
import { LiveRun } from './live-run.ts'
import type { Plan } from './plan.ts'
import type { PlanCache } from './plan-cache.ts'
import type { JsonObject, JsonValue } from './ports.ts'
import { hasEnded, wholeStep } from './run-state.ts'
import type { NodeState, RunHeader } from './run-state.ts'
import { headerOf, nodeOf, written } from './run-rows.ts'
import type { RunRow, RunRows, StepRow } from './run-rows.ts'
import type { TicketRow } from './ticket-rows.ts'
import { finishedTicketExpressions, ticketExpressions } from './ticket-rows.ts'

/** Locks the rows of runs, in an order that all processes keep to, until the end of the transaction. */
export async function lockRuns(
  client: PoolClient,
  tenantId: TenantId,
  runIds: readonly string[],
): Promise<Map<string, RunHeader>> {
  const { rows } = await client.query<RunRow>({
    name: 'engine-lock-runs',
    text: 'select * from runs where tenant_id = $1 and run_id = any($2) order by run_id for update',
    values: [tenantId, runIds],
  })
  return new Map(rows.map((row) => [row.run_id, headerOf(row)]))
}

/**
 * Reads a run whose row is locked. Of the outputs it reads those that expressions may still ask for; all of them with
 * `everything`, for a change of the plan.
 */
export async function loadRun(
  client: PoolClient,
  header: RunHeader,
  plans: PlanCache,
  everything: boolean,
): Promise<LiveRun> {
  const { tenantId, runId } = header
  const { rows } = await client.query<StepRow>({
    name: 'engine-load-steps',
    text: 'select * from run_steps where tenant_id = $1 and run_id = $2 order by step_id, item_index, role',
    values: [tenantId, runId],
  })
  const nodes = rows.map(nodeOf)
  const plan = await loadPlan(client, tenantId, header.planDigest, plans)
  const wanted = everything
    ? nodes.flatMap(({ outputDigest }) => outputDigest ?? [])
    : outputsToRead(plan, nodes)
  const values = await loadValues(client, tenantId, [header.inputsDigest, ...wanted])
  return new LiveRun(header, plan, asObject(values.get(header.inputsDigest)), nodes, values)
}

function outputsToRead(plan: Plan, nodes: readonly NodeState[]): readonly Digest[] {
  const whole = new Map(nodes.filter(isWhole).map((node) => [node.stepId, node]))
  const read = new Set<string>(plan.resultReads)
  for (const step of plan.steps.values()) {
    const node = whole.get(step.id)
    const undoable = step.compensation !== undefined
    if (node === undefined || !hasEnded(node) || undoable) for (const id of step.reads) read.add(id)
  }
  return nodes.flatMap((node) => {
    const step = whole.get(node.stepId)
    const gathered = node.itemIndex !== wholeStep && step !== undefined && !hasEnded(step)
    return node.outputDigest !== null && (gathered || read.has(node.stepId)) ? [node.outputDigest] : []
  })
}

function isWhole(node: NodeState): boolean {
  return node.itemIndex === wholeStep && node.role === 'forward'
}

export async function loadPlan(
  client: PoolClient,
  tenantId: TenantId,
  digest: Digest,
  plans: PlanCache,
): Promise<Plan> {
  const known = plans.get(digest)
  if (known !== undefined) return known
  const values = await loadValues(client, tenantId, [digest])
  const definition = values.get(digest)
  if (definition === undefined) throw engineErrors.UNKNOWN_DEFINITION({ detail: digest })
  const plan = readDefinition(definition)
  plans.add(plan, digest)
  return plan
}

/** JSON blobs by their digests. */
export async function loadValues(
  client: PoolClient,
  tenantId: TenantId,
  digests: readonly Digest[],
): Promise<Map<Digest, JsonValue>> {
  if (digests.length === 0) return new Map()
  const { rows } = await client.query<{ digest: Digest; content: Buffer }>({
    name: 'engine-load-blobs',
    text: 'select digest, content from blobs where tenant_id = $1 and digest = any($2)',
    values: [tenantId, [...new Set(digests)]],
  })
  return new Map(
    rows.map(({ digest, content }) => [digest, JSON.parse(content.toString('utf8')) as JsonValue]),
  )
}

export function asObject(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

/** All that one transaction writes, for any number of runs of a tenant. */
export interface WriteSet extends RunRows {
  readonly tickets: TicketRow[]
}

export function emptyWriteSet(): WriteSet {
  return {
    runs: [],
    run_steps: [],
    step_attempts: [],
    run_events: [],
    run_plans: [],
    blobs: [],
    removed_steps: [],
    tickets: [],
    finished_tickets: [],
  }
}

const keys = { runs: ['run_id'], run_steps: ['run_id', 'step_id', 'item_index', 'role'] } as const

/** Writes everything in one statement, with a part for each table that has rows. */
export async function writeAll(client: PoolClient, tenantId: TenantId, set: WriteSet): Promise<void> {
  const statement = writeStatement(tenantId, set)
  if (statement === undefined) return
  const { name, text, parameters } = statement
  // Not the name of the statement that `Database.execute` may have prepared on the same connection.
  await client.query({ name: `${name}-locked`, text, values: parameters.map(([, value]) => value) })
}

/** Undefined when there is nothing to write. Fails when a run is not at the revision that the changes were made to. */
export function writeStatement(tenantId: TenantId, set: WriteSet): ScopedStatement | undefined {
  const parts = partNames.filter((name) => set[name].length > 0)
  if (parts.length === 0) return undefined
  return {
    name: `engine-write-${parts.map((part) => partNames.indexOf(part)).join('-')}`,
    text: statementFor(parts),
    parameters: [
      ['text', tenantId],
      ['jsonb', JSON.stringify(set)],
    ],
  }
}

/** Whether a write failed because the runs were changed by another process since they were read. */
export function isOutdated(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return code === divisionByZero || code === uniqueViolation
}

const divisionByZero = '22012'
const uniqueViolation = '23505'

type Part = keyof WriteSet
const expressionsOf: Readonly<Record<Part, readonly string[]>> = {
  removed_steps: [
    `removed as (delete from run_steps using jsonb_to_recordset($2::jsonb -> 'removed_steps') as row (run_id text, step_id text)
       where tenant_id = $1 and run_steps.run_id = row.run_id and run_steps.step_id = row.step_id)`,
  ],
  blobs: [
    `stored as (insert into blobs (tenant_id, digest, media_type, content)
       select $1, digest, 'application/json', convert_to(content, 'UTF8')
       from jsonb_to_recordset($2::jsonb -> 'blobs') as row (digest text, content text)
       on conflict (tenant_id, digest) do nothing)`,
  ],
  // Only the revision before: of two processes that change a run at the same time, one has to read it again.
  runs: [upsert('runs', keys.runs, 'where runs.revision = excluded.revision - 1 returning 1')],
  run_steps: [upsert('run_steps', keys.run_steps)],
  step_attempts: [insert('step_attempts')],
  run_events: [insert('run_events')],
  run_plans: [insert('run_plans')],
  tickets: ticketExpressions('$2::jsonb'),
  finished_tickets: finishedTicketExpressions('$2::jsonb'),
}

const partNames: readonly Part[] = [
  'removed_steps',
  'blobs',
  'runs',
  'run_steps',
  'step_attempts',
  'run_events',
  'run_plans',
  'tickets',
  'finished_tickets',
]

function statementFor(parts: readonly Part[]): string {
  const guard = parts.includes('runs')
    ? `1 / (case when (select count(*) from runs_written) = jsonb_array_length($2::jsonb -> 'runs') then 1 else 0 end)`
    : ''
  return `with ${parts.flatMap((part) => expressionsOf[part]).join(',\n')} select ${guard}`
}

function insert(table: keyof typeof written): string {
  const columns = Object.keys(written[table]).join(', ')
  const row = Object.entries(written[table])
    .map(([name, type]) => `${name} ${type}`)
    .join(', ')
  return `${table}_written as (insert into ${table} (tenant_id, ${columns})
    select $1, ${columns} from jsonb_to_recordset($2::jsonb -> '${table}') as row (${row})`.concat(')')
}

function upsert(table: keyof typeof keys, key: readonly string[], rest = ''): string {
  const assignments = Object.keys(written[table])
    .filter((column) => !key.includes(column))
    .map((column) => `${column} = excluded.${column}`)
  return insert(table).replace(
    /\)$/,
    ` on conflict (tenant_id, ${key.join(', ')}) do update set ${assignments.join(', ')} ${rest})`,
  )
}
