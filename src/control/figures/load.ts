import { sql } from 'kysely'
import type { TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'

/** What there is to do just now, for a tenant. */
export interface Load {
  readonly runs: Readonly<Record<'running' | 'waiting', number>>
  readonly steps: Readonly<Record<'ready' | 'running' | 'waiting', number>>
  /** Seconds that the step which waits longest for a process has been ready. */
  readonly oldestReady: number | null
  /** Seconds that the oldest open question to a person has been open. */
  readonly oldestQuestion: number | null
}

export async function measureLoad(tx: Tx, tenantId: TenantId, now: Date): Promise<Load> {
  const { rows: runs } = await sql<{ status: string; count: number }>`
    select status, count(*) as count from runs
    where tenant_id = ${tenantId} and status in ('running', 'waiting') group by status`.execute(tx)
  const { rows: steps } = await sql<{ status: string; count: number; oldest: number | null }>`
    select steps.status, count(*) as count,
      extract(epoch from ${now}::timestamptz - min(coalesce(steps.started_at, runs.created_at)))::float8 as oldest
    from runs join run_steps steps on steps.tenant_id = runs.tenant_id and steps.run_id = runs.run_id
    where runs.tenant_id = ${tenantId} and runs.status in ('running', 'waiting')
      and steps.status in ('ready', 'running', 'waiting')
    group by steps.status`.execute(tx)
  const { rows: questions } = await sql<{ oldest: number | null }>`
    select extract(epoch from ${now}::timestamptz - min(requested_at))::float8 as oldest
    from approval_requests where tenant_id = ${tenantId} and status = 'pending'`.execute(tx)
  const countOf = (rows: readonly { status: string; count: number }[], status: string): number =>
    rows.find((row) => row.status === status)?.count ?? 0
  return {
    runs: { running: countOf(runs, 'running'), waiting: countOf(runs, 'waiting') },
    steps: {
      ready: countOf(steps, 'ready'),
      running: countOf(steps, 'running'),
      waiting: countOf(steps, 'waiting'),
    },
    oldestReady: seconds(steps.find(({ status }) => status === 'ready')?.oldest),
    oldestQuestion: seconds(questions[0]?.oldest),
  }
}

function seconds(value: number | null | undefined): number | null {
  return value == null ? null : Math.max(0, Math.round(value))
}

/** A process that performs steps. */
export interface ExecutorState {
  readonly id: string
  readonly host: string
  readonly processId: number
  /** ISO 8601. */
  readonly startedAt: string
  /** Seconds since it was heard of; others take over its work when it is silent for long. */
  readonly silentFor: number
}

/** Needs a transaction of scope `system`: processes work for all tenants. */
export async function listExecutors(tx: Tx, now: Date): Promise<readonly ExecutorState[]> {
  const rows = await tx.selectFrom('executors').selectAll().orderBy('started_at').limit(200).execute()
  return rows.map((row) => ({
    id: row.executor_id,
    host: row.host,
    processId: row.process_id,
    startedAt: row.started_at.toISOString(),
    silentFor: Math.max(0, Math.round((now.getTime() - row.beat_at.getTime()) / 1000)),
  }))
}
