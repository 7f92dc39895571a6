import { sql } from 'kysely'
import type { ProjectId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { type BurnKey, usedByDay } from './day-totals.ts'

const dayMs = 86_400_000

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
 * What was used on each day: by project, agent and tool from the settlements of the ledger, by model from the calls,
 * whose prices are those of the catalogue.
 */
export async function burnByDay(
  tx: Tx,
  tenantId: TenantId,
  {
    since,
    by,
    of = 'tenant',
  }: {
    readonly since: Date
    readonly by: BurnKey
    /** Whose figures: those of the whole tenant, or of some of its projects. */
    readonly of?: 'tenant' | readonly ProjectId[]
  },
): Promise<readonly BurnRow[]> {
  const { rows } = await sql<BurnRow>`
    select to_char(day, 'YYYY-MM-DD') as day, key, sum(money)::bigint as money, sum(tokens)::bigint as tokens,
      sum(calls)::bigint as calls
    from (${usedByDay(tenantId, by, since)}) used
    ${of === 'tenant' ? sql`` : sql`where project = any (${of})`}
    group by used.day, key order by used.day, sum(money) desc, key limit 20000`.execute(tx)
  return rows
}

/** Money spent on each complete day before today, oldest first, days without any among them. */
export async function moneyByDay(
  tx: Tx,
  tenantId: TenantId,
  { days, today, projectId }: { readonly days: number; readonly today: Date; readonly projectId?: string },
): Promise<readonly { readonly day: string; readonly money: number }[]> {
  const since = new Date(today.getTime() - days * dayMs)
  const { rows } = await sql<{ day: string; money: number }>`
    with days as (
      select generate_series(${today}::date - ${days}::int, ${today}::date - 1, interval '1 day')::date as day
    ), spent as (
      select day, sum(money)::bigint as money from (${usedByDay(tenantId, 'project', since)}) used
      ${projectId === undefined ? sql`` : sql`where key = ${projectId}`} group by day
    )
    select to_char(days.day, 'YYYY-MM-DD') as day, coalesce(spent.money, 0)::bigint as money
    from days left join spent using (day) order by days.day`.execute(tx)
  return rows
}
