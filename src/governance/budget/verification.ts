import { sql } from 'kysely'
import type { TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { costUnits } from './cost.ts'

export interface LedgerReport {
  readonly ok: boolean
  readonly entries: number
  readonly problems: readonly string[]
}

/**
 * Recomputes every balance of a tenant from the entries and compares. Also finds reservations of runs that have ended;
 * `endedRuns` names those to look at.
 */
export async function verifyLedger(
  tx: Tx,
  tenantId: TenantId,
  endedRuns: readonly string[] = [],
): Promise<LedgerReport> {
  const units = costUnits.map(({ column }) => column)
  const sums = sql.raw(
    units
      .map(
        (unit) =>
          `coalesce(sum(reserves.${unit}) filter (where settles.seq is null), 0)::bigint as ${unit}_reserved,
           coalesce(sum(settles.${unit}), 0)::bigint as ${unit}_spent`,
      )
      .join(', '),
  )
  const differences = sql.raw(
    units
      .flatMap((unit) => [`${unit}_reserved`, `${unit}_spent`])
      .map((column) => `('${column}', accounts.${column}, coalesce(expected.${column}, 0))`)
      .join(', '),
  )
  const { rows: wrong } = await sql<{
    level: string
    subject: string
    balance: string
    kept: number
    summed: number
  }>`
    with expected as (
      select levels.level, levels.subject, ${sums}
      from ledger_entries reserves
      left join ledger_entries settles on settles.tenant_id = reserves.tenant_id and settles.kind = 'settle'
        and settles.act_key = reserves.act_key and settles.attempt = reserves.attempt
      cross join lateral (values ('tenant', reserves.tenant_id), ('project', reserves.project_id),
        ('run', reserves.run_id), ('step', reserves.run_id || '/' || reserves.step_id)) levels (level, subject)
      where reserves.tenant_id = ${tenantId} and reserves.kind = 'reserve'
      group by levels.level, levels.subject
    ), accounts as (select * from budget_accounts where tenant_id = ${tenantId})
    select coalesce(accounts.level, expected.level) as level, coalesce(accounts.subject, expected.subject) as subject,
           differences.balance, differences.kept, differences.summed
    from accounts full join expected on expected.level = accounts.level and expected.subject = accounts.subject
    cross join lateral (values ${differences}) differences (balance, kept, summed)
    where differences.kept is distinct from differences.summed`.execute(tx)
  const { rows: unfounded } = await sql<{ act_key: string; attempt: number }>`
    select act_key, attempt from ledger_entries settles where tenant_id = ${tenantId} and kind = 'settle'
      and not exists (select from ledger_entries reserves where reserves.tenant_id = settles.tenant_id
        and reserves.kind = 'reserve' and reserves.act_key = settles.act_key and reserves.attempt = settles.attempt)`.execute(
    tx,
  )
  const held = endedRuns.length === 0 ? [] : await heldBy(tx, tenantId, endedRuns)
  const counted = await tx
    .selectFrom('ledger_entries')
    .select(({ fn }) => fn.countAll<number>().as('entries'))
    .where('tenant_id', '=', tenantId)
    .executeTakeFirstOrThrow()
  const problems = [
    ...wrong.map(
      ({ level, subject, balance, kept, summed }) =>
        `${level} ${subject}: ${balance} is ${kept}, but its entries add up to ${summed}`,
    ),
    ...unfounded.map(
      ({ act_key, attempt }) => `act ${act_key}, attempt ${attempt}: settled but never reserved`,
    ),
    ...held.map(
      ({ run_id, act_key }) => `run ${run_id} has ended, but act ${act_key} still holds a reservation`,
    ),
  ]
  return { ok: problems.length === 0, entries: counted.entries, problems }
}

function heldBy(tx: Tx, tenantId: TenantId, runs: readonly string[]) {
  return tx
    .selectFrom('budget_reservations')
    .select(['run_id', 'act_key'])
    .where('tenant_id', '=', tenantId)
    .where('state', '=', 'held')
    .where('run_id', 'in', [...runs])
    .execute()
}
