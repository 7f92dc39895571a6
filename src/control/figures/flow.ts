import { sql } from 'kysely'
import type { RunOutcome, RunStatus } from '../../contracts/index.ts'
import { digestOfValue, type ProjectId, type TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { usedByDay } from './day-totals.ts'

/** How work went, from what is recorded. Each figure has the question behind it under the same name in `basis`. */
export interface Flow {
  /** ISO 8601. */
  readonly since: string
  readonly runs: readonly { readonly day: string; readonly status: RunStatus; readonly count: number }[]
  readonly durations: readonly {
    readonly workflow: string
    readonly runs: number
    /** Seconds from the start of a run to its end, people's time to decide included. */
    readonly p50: number
    readonly p95: number
  }[]
  readonly decisions: { readonly approved: number; readonly rejected: number; readonly void: number }
  /** Of what was decided; null before anything was. */
  readonly acceptance: number | null
  readonly cost: readonly { readonly day: string; readonly money: number; readonly tokens: number }[]
  /** All money of the span over the runs whose change was approved in it; null before any was. */
  readonly moneyPerAcceptedChange: number | null
  readonly basis: Readonly<
    Record<'runs' | 'durations' | 'decisions' | 'acceptance' | 'cost' | 'moneyPerAcceptedChange', string>
  >
}

const basis: Flow['basis'] = {
  runs: 'Rows of `runs` created since then that no other run started, by day (UTC) and status.',
  durations:
    'Rows of `runs` that succeeded or failed since then and that no other run started: `ended_at - created_at`, percentile_cont by workflow.',
  decisions: 'The latest row of `approval_requests` of each run, decided since then, by status.',
  acceptance: 'approved / (approved + rejected) of `decisions`.',
  cost: 'Rows of `ledger_entries` of kind settle since then, summed by day (UTC).',
  moneyPerAcceptedChange: 'Sum of `cost` over the approved of `decisions`.',
}

export async function measureFlow(tx: Tx, tenantId: TenantId, since: Date): Promise<Flow> {
  const { rows: runs } = await sql<Flow['runs'][number]>`
    select to_char(day, 'YYYY-MM-DD') as day, status, count from (
      select (created_at at time zone 'UTC')::date as day, status, count(*) as count from runs
      where tenant_id = ${tenantId} and created_at >= ${since} and parent_run_id is null
      group by 1, 2
    ) counted order by 1, 2`.execute(tx)
  const { rows: durations } = await sql<Flow['durations'][number]>`
    select workflow, count(*) as runs,
      round(percentile_cont(0.5) within group (order by seconds)::numeric, 1)::float8 as p50,
      round(percentile_cont(0.95) within group (order by seconds)::numeric, 1)::float8 as p95
    from (
      select workflow, extract(epoch from ended_at - created_at)::float8 as seconds from runs
      where tenant_id = ${tenantId} and created_at >= ${since} and parent_run_id is null
        and status in ('succeeded', 'failed') and ended_at is not null
    ) ended group by workflow order by workflow`.execute(tx)
  const decisions = await countDecisions(tx, tenantId, since)
  const { rows: cost } = await sql<Flow['cost'][number]>`
    select to_char(day, 'YYYY-MM-DD') as day, sum(money)::bigint as money, sum(tokens)::bigint as tokens
    from (${usedByDay(tenantId, 'project', since)}) used group by used.day order by used.day`.execute(tx)
  const judged = decisions.approved + decisions.rejected
  const money = cost.reduce((sum, row) => sum + row.money, 0)
  return {
    since: since.toISOString(),
    runs,
    durations,
    decisions,
    acceptance: judged === 0 ? null : decisions.approved / judged,
    cost,
    moneyPerAcceptedChange: perAccepted(money, decisions),
    basis,
  }
}

/** What {@link measureFlow} says of it, without the rest. */
export async function moneyPerAcceptedChange(
  tx: Tx,
  tenantId: TenantId,
  since: Date,
): Promise<number | null> {
  const { rows } = await sql<{ money: number }>`
    select coalesce(sum(money), 0)::bigint as money from (${usedByDay(tenantId, 'project', since)}) used`.execute(
    tx,
  )
  return perAccepted(rows[0]?.money ?? 0, await countDecisions(tx, tenantId, since))
}

function perAccepted(money: number, { approved }: Flow['decisions']): number | null {
  return approved === 0 ? null : Math.round(money / approved)
}

async function countDecisions(tx: Tx, tenantId: TenantId, since: Date): Promise<Flow['decisions']> {
  const { rows } = await sql<{ status: string; count: number }>`
    select status, count(*) as count from (
      select distinct on (run_id) run_id, status from approval_requests
      where tenant_id = ${tenantId} and decided_at >= ${since} order by run_id, requested_at desc
    ) latest group by status`.execute(tx)
  const count = (status: string): number => rows.find((row) => row.status === status)?.count ?? 0
  return { approved: count('approved'), rejected: count('rejected'), void: count('void') }
}

/** What past runs of a workflow used: the estimate of the next one. */
export interface Estimate {
  readonly runs: number
  /** Share of them that ended with a change delivered, 0 … 1. */
  readonly delivered: number
  readonly money: Quantiles
  readonly tokens: Quantiles
  readonly seconds: Quantiles
}

interface Quantiles {
  readonly p50: number
  readonly p90: number
}

/** Of the last hundred runs that ended by themselves, of the whole tenant or one project; null while there are none. */
export async function estimateRun(
  tx: Tx,
  tenantId: TenantId,
  { workflow, projectId }: { readonly workflow: string; readonly projectId?: ProjectId },
): Promise<Estimate | null> {
  const quantile = (share: number, of: string) =>
    sql.raw(`round(coalesce(percentile_cont(${share}) within group (order by ${of}), 0)::numeric)::float8`)
  const delivered = digestOfValue({ outcome: 'delivered' satisfies RunOutcome })
  const { rows } = await sql<
    Readonly<Record<'runs' | 'delivered' | 'm50' | 'm90' | 't50' | 't90' | 's50' | 's90', number>>
  >`
    with past as (
      select extract(epoch from runs.ended_at - runs.created_at) as seconds,
             coalesce(accounts.money_spent, 0) as money, coalesce(accounts.tokens_spent, 0) as tokens,
             runs.result_digest is not distinct from ${delivered} as delivered
      from runs left join budget_accounts accounts on accounts.tenant_id = runs.tenant_id
        and accounts.level = 'run' and accounts.subject = runs.run_id
      where runs.tenant_id = ${tenantId} and runs.workflow = ${workflow} and runs.status <> 'cancelled'
        and runs.ended_at is not null and runs.parent_run_id is null
        ${projectId === undefined ? sql`` : sql`and runs.project_id = ${projectId}`}
      order by runs.created_at desc limit 100
    )
    select count(*) as runs, coalesce(avg(delivered::int), 0)::float8 as delivered,
           ${quantile(0.5, 'money')} as m50, ${quantile(0.9, 'money')} as m90,
           ${quantile(0.5, 'tokens')} as t50, ${quantile(0.9, 'tokens')} as t90,
           ${quantile(0.5, 'seconds')} as s50, ${quantile(0.9, 'seconds')} as s90
    from past`.execute(tx)
  const [row] = rows
  if (row === undefined || row.runs === 0) return null
  return {
    runs: row.runs,
    delivered: row.delivered,
    money: { p50: row.m50, p90: row.m90 },
    tokens: { p50: row.t50, p90: row.t90 },
    seconds: { p50: row.s50, p90: row.s90 },
  }
}
