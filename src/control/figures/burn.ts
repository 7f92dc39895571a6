import { sql } from 'kysely'
import type { TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'

/** By what money and tokens are told apart. */
export type BurnKey = 'project' | 'agent' | 'tool' | 'model'

export interface BurnRow {
  /** ISO 8601, UTC. */
  readonly day: string
  /** Id of the project, the principal or the model, or the name of the tool. */
  readonly key: string
  /** Millionths of the currency. */
  readonly money: number
  readonly tokens: number
  readonly calls: number
}

/**
 * What was used on each day. By project from the ledger, by agent and tool from the acts, each on the day of its last
 * attempt's end; by model from the calls, whose prices are those of the catalogue.
 */
export async function burnByDay(
  tx: Tx,
  tenantId: TenantId,
  { since, by }: { readonly since: Date; readonly by: BurnKey },
): Promise<readonly BurnRow[]> {
  const { rows } = await queries[by](tenantId, since).execute(tx)
  return rows
}

const day = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD')`)

const ofActs = (key: 'principal_id' | 'tool') => (tenantId: TenantId, since: Date) =>
  sql<BurnRow>`
  select ${day('ended_at')} as day, ${sql.ref(key)} as key, sum(money)::bigint as money,
         sum(tokens)::bigint as tokens, count(*) as calls
  from acts where tenant_id = ${tenantId} and ended_at >= ${since} and attempt > 0
  group by 1, 2 order by 1, money desc, key limit 20000`

const queries = {
  agent: ofActs('principal_id'),
  tool: ofActs('tool'),
  project: (tenantId: TenantId, since: Date) => sql<BurnRow>`
    select ${day('at')} as day, project_id as key, sum(money)::bigint as money, sum(tokens)::bigint as tokens,
           count(*) as calls
    from ledger_entries where tenant_id = ${tenantId} and at >= ${since} and kind = 'settle'
    group by 1, 2 order by 1, money desc, key limit 20000`,
  model: (tenantId: TenantId, since: Date) => sql<BurnRow>`
    select ${day('started_at')} as day, coalesce(model, asked_for) as key, coalesce(sum(cost), 0)::bigint as money,
           sum(input_tokens + output_tokens)::bigint as tokens, count(*) as calls
    from model_calls where tenant_id = ${tenantId} and started_at >= ${since} and transport <> 'none'
    group by 1, 2 order by 1, money desc, key limit 20000`,
}

/** Money spent on each complete day before today, oldest first, days without any among them. */
export async function moneyByDay(
  tx: Tx,
  tenantId: TenantId,
  { days, today, projectId }: { readonly days: number; readonly today: Date; readonly projectId?: string },
): Promise<readonly { readonly day: string; readonly money: number }[]> {
  const { rows } = await sql<{ day: string; money: number }>`
    with days as (
      select generate_series(${today}::date - ${days}::int, ${today}::date - 1, interval '1 day')::date as day
    ), spent as (
      select (at at time zone 'UTC')::date as day, sum(money)::bigint as money from ledger_entries
      where tenant_id = ${tenantId} and kind = 'settle' and at >= ${today}::date - ${days}::int - 1
        ${projectId === undefined ? sql`` : sql`and project_id = ${projectId}`}
      group by 1
    )
    select to_char(days.day, 'YYYY-MM-DD') as day, coalesce(spent.money, 0)::bigint as money
    from days left join spent using (day) order by days.day`.execute(tx)
  return rows
}
