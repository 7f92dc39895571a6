import { type RawBuilder, sql } from 'kysely'
import type { TenantId } from '../../kernel/index.ts'
import type { Database, Scope, Tx } from '../../store/index.ts'

/** By what money and tokens are told apart. */
export type BurnKey = 'project' | 'agent' | 'tool' | 'model'

/** Where rows come from, and a text that names their kind among those of the totals. */
type Source = 'ledger' | 'model-calls'

const sourceOf = {
  project: 'ledger',
  agent: 'ledger',
  tool: 'ledger',
  model: 'model-calls',
} as const satisfies Record<BurnKey, Source>

/** Rows that may wait to be added up: reading so many takes no longer than adding them. */
const mostWaiting = 500
/** Rows that one transaction adds up. */
const lotSize = 20_000
/** Milliseconds after which a reader leaves it to the next one to go on, as after an upgrade with years of rows. */
const patienceMs = 2000

const dayMs = 86_400_000

interface Rows {
  readonly table: RawBuilder<unknown>
  readonly position: RawBuilder<unknown>
  readonly time: RawBuilder<unknown>
  /** Takes rows of the table to rows of kind, day, key, project, money, tokens. */
  readonly tell: (rows: RawBuilder<unknown>) => RawBuilder<unknown>
}

const day = (column: string) => sql.raw(`(${column} at time zone 'UTC')::date`)

const rowsOf: Readonly<Record<Source, Rows>> = {
  ledger: {
    table: sql`ledger_entries`,
    position: sql`seq`,
    time: sql`at`,
    tell: (rows) => sql`
      select told.kind, ${day('rows.at')} as day, told.key, rows.project_id as project, rows.money,
        rows.tokens
      from (${rows}) rows
      left join lateral (
        -- By its key, one by one: this is never flattened into a join that reads all acts.
        select principal_id, tool from acts where acts.tenant_id = rows.tenant_id and acts.key = rows.act_key offset 0
      ) acts on true
      cross join lateral (values ('project', rows.project_id), ('agent', acts.principal_id), ('tool', acts.tool))
        as told (kind, key)
      where rows.kind = 'settle' and told.key is not null`,
  },
  'model-calls': {
    table: sql`model_calls`,
    position: sql`id`,
    time: sql`started_at`,
    tell: (rows) => sql`
      select 'model' as kind, ${day('rows.started_at')} as day, coalesce(rows.model, rows.asked_for) as key,
        rows.project_id as project, coalesce(rows.cost, 0) as money, rows.input_tokens + rows.output_tokens as tokens
      from (${rows}) rows where rows.transport <> 'none'`,
  },
}

/**
 * Adds to the totals of the days what has been written since this was last done, unless it is little. Totals are kept
 * by those who read them: whoever writes what is added up here does nothing for it, and waits for nobody.
 */
export async function addUpDays(
  database: Pick<Database, 'transaction'>,
  scope: Extract<Scope, { kind: 'tenant' }>,
  by: BurnKey,
  little = mostWaiting,
): Promise<void> {
  const { tenantId } = scope
  const source = sourceOf[by]
  if (!(await database.transaction(scope, (tx) => isMoreWaiting(tx, tenantId, source, little)))) return
  const settled = await database.transaction(scope, (tx) => settledUpTo(tx, source))
  if (settled === null) return
  const deadline = performance.now() + patienceMs
  let isMore = true
  while (isMore && performance.now() < deadline)
    isMore = await database.transaction(scope, (tx) => addUpLot(tx, tenantId, source, settled))
}

async function isMoreWaiting(tx: Tx, tenantId: TenantId, source: Source, little: number): Promise<boolean> {
  const { table, position } = rowsOf[source]
  const { rows } = await sql<{ waiting: number }>`
    select count(*) as waiting from (
      select from ${table} where tenant_id = ${tenantId} and ${position} > ${markOf(source)}
      order by ${position} limit ${little + 1}
    ) waiting`.execute(tx)
  return (rows[0]?.waiting ?? 0) > little
}

/**
 * Up to which position nothing can appear any more that is not there yet. Whoever settles an entry of the ledger holds
 * the account of the tenant from before it gets its number until it is committed, so what is seen of them has no gaps.
 */
async function settledUpTo(tx: Tx, source: Source): Promise<number | null> {
  if (source === 'ledger') return Number.MAX_SAFE_INTEGER
  const { rows } = await sql<{ settled: number | null }>`select model_calls_settled() as settled`.execute(tx)
  return rows[0]?.settled ?? null
}

/** Whether there may be more. */
async function addUpLot(tx: Tx, tenantId: TenantId, source: Source, settled: number): Promise<boolean> {
  await sql`insert into day_total_marks values (${tenantId}, ${source}, 0) on conflict do nothing`.execute(tx)
  // Where somebody else is at it, there is nothing to wait for.
  const { rows: marks } = await sql<{ position: number }>`
    select position from day_total_marks where tenant_id = ${tenantId} and source = ${source}
    for update skip locked`.execute(tx)
  const [mark] = marks
  if (mark === undefined) return false
  const { table, position, tell } = rowsOf[source]
  const { rows } = await sql<{ count: number }>`
    with lot as materialized (
      select * from ${table}
      where tenant_id = ${tenantId} and ${position} > ${mark.position} and ${position} <= ${settled}
      order by ${position} limit ${lotSize}
    ), added as (
      insert into day_totals as total (tenant_id, kind, day, key, project, money, tokens, calls)
      select ${tenantId}, kind, day, key, project, sum(money), sum(tokens), count(*)
      from (${tell(sql`select * from lot`)}) told group by kind, day, key, project
      on conflict (tenant_id, kind, day, key, project) do update set money = total.money + excluded.money,
        tokens = total.tokens + excluded.tokens, calls = total.calls + excluded.calls
    ), marked as (
      update day_total_marks set position = lot.last from (select max(${position}) as last from lot) lot
      where tenant_id = ${tenantId} and source = ${source} and lot.last is not null
    )
    select count(*) as count from lot`.execute(tx)
  return rows[0]?.count === lotSize
}

/**
 * Day, key, project, money, tokens and calls since a time, from the totals and from the rows that are not in them yet. A day
 * that is not wanted as a whole is read from its rows. A day and key may stand in several rows.
 */
export function usedByDay(tenantId: TenantId, by: BurnKey, since: Date): RawBuilder<unknown> {
  const source = sourceOf[by]
  const { table, position, time, tell } = rowsOf[source]
  const firstWhole = new Date(Math.ceil(since.getTime() / dayMs) * dayMs)
  const mark = markOf(source)
  const rest = sql`select * from ${table}
    where tenant_id = ${tenantId} and ${position} > ${mark} and ${time} >= ${since}`
  const begun = sql`select * from ${table}
    where tenant_id = ${tenantId} and ${position} <= ${mark} and ${time} >= ${since} and ${time} < ${firstWhole}`
  const told = (rows: RawBuilder<unknown>) =>
    sql`select day, key, project, money, tokens, 1 as calls from (${tell(rows)}) told where kind = ${by}`
  return sql`
    select day, key, project, money, tokens, calls from day_totals
    where tenant_id = ${tenantId} and kind = ${by} and day >= ${firstWhole.toISOString().slice(0, 10)}::date
    union all ${told(rest)}
    ${since < firstWhole ? sql`union all ${told(begun)}` : sql``}`
}

function markOf(source: Source): RawBuilder<unknown> {
  return sql`day_total_mark(${source})`
}
