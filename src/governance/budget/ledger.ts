import { sql } from 'kysely'
import type { Selectable } from 'kysely'
import type { Cost } from '../../contracts/index.ts'
import type { AtelierError, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Tables, Tx } from '../../store/index.ts'
import { budgetLevels, checkCost, costUnits, presumedCost } from './cost.ts'
import type { BudgetLevel, CostUnit } from './cost.ts'
import { budgetErrors } from './errors.ts'

/** What an attempt of an act is charged to. */
export interface Charge {
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly runId: RunId
  readonly stepId: string
  readonly actKey: string
  /** Counts the attempts of the act: each has a reservation of its own. */
  readonly attempt: number
}

/** How an attempt ended. `abandoned`: its process died, or its run ended without it. */
type SettlementReason = 'performed' | 'failed' | 'abandoned'

interface Settlement {
  readonly charged: Cost
  /** Used beyond the reservation with no room left for it; zero unless a tool broke its promise. */
  readonly overrun: Cost
}

/** Limits by unit; absent means no limit. */
export type Limits = Partial<Cost>

export interface Balance {
  readonly level: BudgetLevel
  readonly subject: string
  readonly units: Readonly<
    Record<CostUnit, { readonly limit: number | null; readonly reserved: number; readonly spent: number }>
  >
}

export interface Ledger {
  /**
   * Reserves the most an attempt can use, on tenant, project, run and step or on none of them. Reserving the same
   * attempt again changes nothing.
   * @throws ATL_BUDGET_EXHAUSTED with level, subject, unit, limit, spent, reserved and wanted.
   */
  reserve(tx: Tx, charge: Charge, worstCase: Cost): Promise<void>
  /** Ends the reservation with what was used. Ending it again answers the first settlement. */
  settle(
    tx: Tx,
    charge: Pick<Charge, 'actKey' | 'attempt'>,
    used: Cost,
    reason: SettlementReason,
  ): Promise<Settlement>
  /** Ends what attempts before `attempt` of an act still hold: their process is dead. */
  settleEarlierAttempts(tx: Tx, tenantId: TenantId, actKey: string, attempt: number): Promise<void>
  /** Ends everything that a run still holds. To be called when the run has ended and none of its acts is under way. */
  settleRun(tx: Tx, tenantId: TenantId, runId: RunId): Promise<number>
  /** Whether a process holds some of a run's budget for acts to come. */
  holdsLease(tx: Tx, tenantId: TenantId, runId: RunId): Promise<boolean>
  /** @throws ATL_BUDGET_LIMIT_BELOW_USE */
  setLimits(
    tx: Tx,
    account: { readonly level: BudgetLevel; readonly subject: string },
    limits: Limits,
  ): Promise<void>
  balances(tx: Tx, tenantId: TenantId, runId?: RunId): Promise<readonly Balance[]>
}

export function createLedger(): Ledger {
  const settle: Ledger['settle'] = async (tx, { actKey, attempt }, used, reason) => {
    const { rows } = await sql<SettlementRow>`
      select * from ledger_settle(${actKey}, ${attempt}, ${reason}, ${amounts(checkCost(used))})`.execute(tx)
    const [row] = rows
    if (row === undefined) throw new Error('ledger_settle returned nothing')
    return {
      charged: costFrom((column) => row[column]),
      overrun: costFrom((column) => row[`${column}_overrun`]),
    }
  }

  const abandon = async (tx: Tx, held: readonly HeldReservation[]): Promise<void> => {
    for (const reservation of held) {
      const used = presumedCost(
        costFrom((column) => reservation[column]),
        reservation.held_ms,
      )
      await settle(tx, { actKey: reservation.act_key, attempt: reservation.attempt }, used, 'abandoned')
    }
  }

  return {
    settle,
    reserve: async (tx, charge, worstCase) => {
      const { actKey, attempt, projectId, runId, stepId } = charge
      const { rows } = await sql<Refusal>`
        select * from ledger_reserve(${actKey}, ${attempt}, ${projectId}, ${runId}, ${stepId},
                                     ${amounts(checkCost(worstCase))})`.execute(tx)
      const [refusal] = rows
      if (refusal !== undefined) throw exhausted(refusal, worstCase)
    },
    settleEarlierAttempts: async (tx, tenantId, actKey, attempt) => {
      const held = await heldReservations(tx, tenantId)
        .where('act_key', '=', actKey)
        .where('attempt', '<', attempt)
        .execute()
      await abandon(tx, held)
    },
    settleRun: async (tx, tenantId, runId) => {
      const held = await heldReservations(tx, tenantId).where('run_id', '=', runId).execute()
      await abandon(tx, held)
      return held.length
    },
    holdsLease: async (tx, tenantId, runId) => {
      const held = await heldReservations(tx, tenantId)
        .where('run_id', '=', runId)
        .where('act_key', 'like', `${leasePrefix}%`)
        .limit(1)
        .execute()
      return held.length > 0
    },
    setLimits,
    balances,
  }
}

/** What the keys of leases begin with, as those of no act do. */
const leasePrefix = 'lease:'

/** The key of a lease's reservation. */
export function leaseKey(id: string): string {
  return leasePrefix + id
}

type CostColumn = (typeof costUnits)[number]['column']

type SettlementRow = Readonly<Record<CostColumn | `${CostColumn}_overrun`, number>>

interface HeldReservation extends Readonly<Record<CostColumn, number>> {
  readonly act_key: string
  readonly attempt: number
  /** By the database's clock, which all processes share. */
  readonly held_ms: number
}

/** What the database's functions answer about an account that is too small. */
export interface Refusal {
  readonly level: BudgetLevel
  readonly subject: string
  readonly unit: CostColumn
  readonly limit: number
  readonly spent: number
  readonly reserved: number
}

async function setLimits(
  tx: Tx,
  { level, subject }: { readonly level: BudgetLevel; readonly subject: string },
  limits: Limits,
): Promise<void> {
  for (const { unit } of costUnits) {
    const limit = limits[unit] ?? 0
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw budgetErrors.AMOUNT_INVALID({ detail: `the limit of ${unit} is ${limit}` })
    }
  }
  const values = costUnits.map(({ unit }) => limits[unit] ?? null)
  try {
    await sql`select ledger_set_limit(${level}, ${subject}, ${values}::bigint[])`.execute(tx)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === '23514') {
      throw budgetErrors.LIMIT_BELOW_USE({
        detail: `${level} ${subject}`,
        cause,
        details: { level, subject },
      })
    }
    throw cause
  }
}

async function balances(tx: Tx, tenantId: TenantId, runId?: RunId): Promise<readonly Balance[]> {
  const rows = await tx
    .selectFrom('budget_accounts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .$if(runId !== undefined, (query) =>
      query.where((account) =>
        account.or([
          account('level', '=', 'tenant'),
          account.and([account('level', '=', 'run'), account('subject', '=', runId ?? '')]),
          account.and([account('level', '=', 'step'), isStepOf(runId ?? '')]),
        ]),
      ),
    )
    .execute()
  const rank = (level: BudgetLevel): number => budgetLevels.findIndex((each) => each === level)
  return rows
    .map(viewAccount)
    .sort((a, b) => rank(a.level) - rank(b.level) || a.subject.localeCompare(b.subject))
}

/** As a span of an index, whatever the language of the database: '0' is what comes after '/'. */
function isStepOf(runId: string) {
  return sql<boolean>`subject collate "C" >= ${`${runId}/`} and subject collate "C" < ${`${runId}0`}`
}

export function viewAccount(row: Selectable<Tables['budget_accounts']>): Balance {
  return {
    level: row.level,
    subject: row.subject,
    units: perUnit((column) => ({
      limit: row[`${column}_limit`],
      reserved: row[`${column}_reserved`],
      spent: row[`${column}_spent`],
    })),
  }
}

function heldReservations(tx: Tx, tenantId: TenantId) {
  return tx
    .selectFrom('budget_reservations')
    .select(['act_key', 'attempt', 'money', 'tokens', 'tool_calls', 'seconds'])
    .select(sql<number>`(extract(epoch from clock_timestamp() - reserved_at) * 1000)::bigint`.as('held_ms'))
    .where('tenant_id', '=', tenantId)
    .where('state', '=', 'held')
    .orderBy('reserved_at')
}

function amounts(cost: Cost) {
  return sql`${costUnits.map(({ unit }) => cost[unit])}::bigint[]`
}

function costFrom(read: (column: CostColumn) => number): Cost {
  return perUnit(read)
}

function perUnit<T>(read: (column: CostColumn) => T): Record<CostUnit, T> {
  return {
    money: read('money'),
    tokens: read('tokens'),
    toolCalls: read('tool_calls'),
    seconds: read('seconds'),
  }
}

/** A row as `ledger_reserve_many` takes it. @throws ATL_BUDGET_AMOUNT_INVALID */
export function reservationRow(charge: Charge, worstCase: Cost) {
  const { actKey, attempt, projectId, runId, stepId } = charge
  const purpose = { act_key: actKey, attempt, project_id: projectId, run_id: runId, step_id: stepId }
  return { ...purpose, ...amountColumns(worstCase) }
}

/** A row as `ledger_settle_many` takes it. @throws ATL_BUDGET_AMOUNT_INVALID */
export function settlementRow(
  { actKey, attempt }: Pick<Charge, 'actKey' | 'attempt'>,
  used: Cost,
  reason: SettlementReason,
) {
  return { act_key: actKey, attempt, reason, ...amountColumns(used) }
}

function amountColumns(cost: Cost): Record<CostColumn, number> {
  const { money, tokens, toolCalls, seconds } = checkCost(cost)
  return { money, tokens, tool_calls: toolCalls, seconds }
}

/** ATL_BUDGET_EXHAUSTED with level, subject, unit, limit, spent, reserved and wanted. */
export function exhausted(refusal: Refusal, worstCase: Cost): AtelierError {
  const { level, subject, limit, spent, reserved } = refusal
  const unit = costUnits.find(({ column }) => column === refusal.unit)?.unit ?? 'toolCalls'
  const wanted = worstCase[unit]
  return budgetErrors.EXHAUSTED({
    detail: `${level} ${subject} may use ${limit} ${unit}; ${spent} are spent, ${reserved} reserved, ${wanted} more were wanted`,
    details: { level, subject, unit, limit, spent, reserved, wanted },
  })
}
