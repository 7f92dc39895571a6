import { type Selectable, sql } from 'kysely'
import type { PoolClient } from 'pg'
import type { Digest, TenantId } from '../kernel/index.ts'
import type { Tx } from '../store/index.ts'
import { engineErrors } from './errors.ts'
import type { PlanCache } from './plan-cache.ts'
import type { Plan } from './plan.ts'
import type { JsonValue, ListRuns, Page, RunRecord, StepRecord } from './ports.ts'
import type { EventPage, WatchedRun } from './run-watch.ts'
import { headerOf, nodeOf } from './run-rows.ts'
import { stepNode, newNode, wholeStep } from './run-state.ts'
import type { NodeState, RunHeader } from './run-state.ts'
import { asObject, loadPlan, loadValues } from './run-store.ts'
import type { RunEventsTable } from './tables.ts'

/** What people and programs read of runs. */

const largestPage = 200

/** @throws ATL_ENGINE_UNKNOWN_RUN */
export async function readHeader(tx: Tx, tenantId: TenantId, runId: string): Promise<RunHeader> {
  const row = await tx
    .selectFrom('runs')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    .executeTakeFirst()
  if (row === undefined) throw engineErrors.UNKNOWN_RUN({ detail: runId })
  return headerOf(row)
}

export async function recordsOf(
  client: PoolClient,
  tenantId: TenantId,
  headers: readonly RunHeader[],
): Promise<readonly RunRecord[]> {
  const digests = headers.flatMap(({ inputsDigest, resultDigest }) =>
    resultDigest === null ? [inputsDigest] : [inputsDigest, resultDigest],
  )
  const values = await loadValues(client, tenantId, digests)
  return headers.map((header) => ({
    runId: header.runId,
    tenantId: header.tenantId,
    principalId: header.principalId,
    projectId: header.projectId,
    workflow: { name: header.workflow, version: header.workflowVersion, digest: header.definitionDigest },
    planVersion: header.planVersion,
    status: header.status,
    inputs: asObject(values.get(header.inputsDigest)),
    labels: header.labels,
    result: header.resultDigest === null ? null : (values.get(header.resultDigest) ?? null),
    error: header.error,
    parent: header.parent,
    createdAt: new Date(header.createdAt),
    endedAt: header.endedAt === null ? null : new Date(header.endedAt),
  }))
}

export async function listRuns(
  tx: Tx,
  client: PoolClient,
  tenantId: TenantId,
  { status, labels, topLevel = false, runIds, after, limit = 50 }: ListRuns,
): Promise<Page<RunRecord>> {
  const size = Math.max(1, Math.min(limit, largestPage))
  let query = tx.selectFrom('runs').selectAll().where('tenant_id', '=', tenantId)
  if (status !== undefined) query = query.where('status', '=', status)
  if (labels !== undefined) query = query.where(sql<boolean>`labels @> ${JSON.stringify(labels)}::jsonb`)
  if (runIds !== undefined) query = query.where('run_id', 'in', runIds.length === 0 ? [''] : runIds)
  if (topLevel) query = query.where('parent_run_id', 'is', null)
  const position = after === undefined ? undefined : decodePosition(after)
  if (position !== undefined)
    query = query.where(sql<boolean>`(created_at, run_id) < (${position.createdAt}, ${position.runId})`)
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('run_id', 'desc')
    .limit(size + 1)
    .execute()
  const headers = rows.slice(0, size).map(headerOf)
  const last = headers.at(-1)
  return {
    items: await recordsOf(client, tenantId, headers),
    next: rows.length > size && last !== undefined ? encodePosition(last) : null,
  }
}

function encodePosition({ createdAt, runId }: RunHeader): string {
  return Buffer.from(`${createdAt} ${runId}`).toString('base64url')
}

/** A position that makes no sense is taken as the beginning. */
function decodePosition(text: string): { readonly createdAt: Date; readonly runId: string } | undefined {
  const match = /^(?<time>\d{1,15}) (?<run>.+)$/.exec(Buffer.from(text, 'base64url').toString('utf8'))
  const { time, run } = match?.groups ?? {}
  return time === undefined || run === undefined
    ? undefined
    : { createdAt: new Date(Number(time)), runId: run }
}

/** The steps of runs, by run. A run that is not there has none. */
export async function listSteps(
  tx: Tx,
  client: PoolClient,
  tenantId: TenantId,
  runIds: readonly string[],
  plans: PlanCache,
): Promise<ReadonlyMap<string, readonly StepRecord[]>> {
  if (runIds.length === 0) return new Map()
  const runs = await tx
    .selectFrom('runs')
    .select(['run_id', 'plan_digest'])
    .where('tenant_id', '=', tenantId)
    .where('run_id', 'in', runIds)
    .execute()
  const rows = await tx
    .selectFrom('run_steps')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('run_id', 'in', runIds)
    .where('role', '=', 'forward')
    .orderBy('item_index')
    .execute()
  const values = await loadValues(
    client,
    tenantId,
    rows.flatMap((row) => (row.output_digest ?? []) as Digest | []),
  )
  const nodes = Map.groupBy(rows, (row) => row.run_id)
  const listed = new Map<string, readonly StepRecord[]>()
  for (const { run_id: runId, plan_digest: digest } of runs) {
    const plan = await loadPlan(client, tenantId, digest as Digest, plans)
    listed.set(runId, stepsOf(plan, (nodes.get(runId) ?? []).map(nodeOf), values))
  }
  return listed
}

function stepsOf(
  plan: Plan,
  all: readonly NodeState[],
  values: ReadonlyMap<Digest, JsonValue>,
): readonly StepRecord[] {
  const nodes = Map.groupBy(all, ({ stepId }) => stepId)
  return [...plan.steps.values()].flatMap(({ id, definition }) =>
    (nodes.get(id) ?? [newNode(stepNode(id))]).map((node: NodeState) => ({
      stepId: id,
      itemIndex: node.itemIndex === wholeStep ? undefined : node.itemIndex,
      title: definition.title ?? id,
      kind: definition.kind,
      uses: definition.uses,
      needs: definition.needs,
      status: node.status,
      attempts: node.attempt,
      output: node.outputDigest === null ? null : (values.get(node.outputDigest) ?? null),
      outputDigest: node.outputDigest,
      error: node.error,
      waiting: node.waiting,
      startedAt: node.startedAt === null ? null : new Date(node.startedAt),
      endedAt: node.endedAt === null ? null : new Date(node.endedAt),
    })),
  )
}

/** The next events of runs of a tenant after a position in each, at most 500; runs that are not there are left out. */
export async function readEvents(
  tx: Tx,
  tenantId: TenantId,
  known: readonly Pick<WatchedRun, 'runId' | 'sequence'>[],
): Promise<ReadonlyMap<string, EventPage>> {
  const runIds = known.map(({ runId }) => runId)
  const runs = await tx
    .selectFrom('runs')
    .select(['run_id', 'phase', 'last_sequence'])
    .where('tenant_id', '=', tenantId)
    .where('run_id', 'in', runIds)
    .execute()
  const { rows } = await sql<Selectable<RunEventsTable>>`
    select events.*
    from unnest(${runIds}::text[], ${known.map(({ sequence }) => sequence)}::bigint[]) as known (run_id, sequence)
    cross join lateral (
      select run_id, sequence, at, kind, step_id, item_index, data from run_events
      where tenant_id = ${tenantId} and run_events.run_id = known.run_id and run_events.sequence > known.sequence
      order by sequence limit 500
    ) events
    order by events.run_id, events.sequence`.execute(tx)
  const events = Map.groupBy(rows, (row) => row.run_id)
  return new Map(
    runs.map(({ run_id: runId, phase, last_sequence: total }) => {
      const page = (events.get(runId) ?? []).map((row) => ({
        sequence: row.sequence,
        time: row.at,
        kind: row.kind,
        stepId: row.step_id,
        itemIndex: row.item_index,
        data: row.data,
      }))
      const reached = page.at(-1)?.sequence ?? known.find((one) => one.runId === runId)?.sequence ?? 0
      return [runId, { events: page, isLast: phase === 'ended' && reached >= total, total }]
    }),
  )
}

/**
 * Of the runs those that have more events than is known, or are not there any more. Needs a transaction of scope
 * `system`: the runs are those of any tenant.
 */
export async function changedRuns(
  tx: Tx,
  watched: readonly WatchedRun[],
): Promise<readonly Pick<WatchedRun, 'tenantId' | 'runId'>[]> {
  const column = <K extends keyof WatchedRun>(name: K) => watched.map((run) => run[name])
  const { rows } = await sql<Pick<WatchedRun, 'tenantId' | 'runId'>>`
    select watched.tenant_id as "tenantId", watched.run_id as "runId"
    from unnest(${column('tenantId')}::text[], ${column('runId')}::text[], ${column('sequence')}::bigint[])
      as watched (tenant_id, run_id, sequence)
    left join runs on runs.tenant_id = watched.tenant_id and runs.run_id = watched.run_id
    where runs.run_id is null or runs.last_sequence > watched.sequence`.execute(tx)
  return rows
}
