import type { ProjectId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import type { BudgetLevel } from './cost.ts'
import { viewAccount } from './ledger.ts'
import type { Balance } from './ledger.ts'

/** A line of the ledger: what was reserved for an attempt of an act, or what it turned out to use. */
export interface LedgerEntry {
  readonly seq: number
  /** ISO 8601. */
  readonly at: string
  readonly kind: 'reserve' | 'settle'
  readonly reason: string | null
  readonly projectId: string
  readonly runId: string
  readonly stepId: string
  readonly actKey: string
  readonly attempt: number
  readonly amounts: {
    readonly money: number
    readonly tokens: number
    readonly toolCalls: number
    readonly seconds: number
  }
}

/** Whose figures: those of the whole tenant, or of some of its projects. */
export type Breadth = 'tenant' | readonly ProjectId[]

/** Accounts of the tenant and its projects: few, so all of them. */
export async function wideAccounts(tx: Tx, tenantId: TenantId, of: Breadth): Promise<readonly Balance[]> {
  let query = tx
    .selectFrom('budget_accounts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('level', 'in', ['tenant', 'project'])
  if (of !== 'tenant') query = query.where('level', '=', 'project').where('subject', 'in', of)
  const rows = await query.orderBy('level', 'desc').orderBy('subject').execute()
  return rows.map(viewAccount)
}

/** One account; undefined when nothing was charged to it and nobody limited it. */
export async function findAccount(
  tx: Tx,
  tenantId: TenantId,
  level: BudgetLevel,
  subject: string,
): Promise<Balance | undefined> {
  const [account] = await findAccounts(tx, tenantId, level, [subject])
  return account
}

/** Those accounts of a level that there are, in no order. */
export async function findAccounts(
  tx: Tx,
  tenantId: TenantId,
  level: BudgetLevel,
  subjects: readonly string[],
): Promise<readonly Balance[]> {
  if (subjects.length === 0) return []
  const rows = await tx
    .selectFrom('budget_accounts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('level', '=', level)
    .where('subject', 'in', subjects)
    .execute()
  return rows.map(viewAccount)
}

/** Accounts of runs, newest run first: ids of runs are ordered by time. */
export async function runAccounts(
  tx: Tx,
  tenantId: TenantId,
  page: {
    readonly of: Breadth
    readonly before: string | undefined
    readonly limit: number
  },
): Promise<readonly (Balance & { readonly projectId: string })[]> {
  const { of, before, limit } = page
  let query = tx
    .selectFrom('budget_accounts')
    .innerJoin('mandates', (join) =>
      join
        .onRef('mandates.tenant_id', '=', 'budget_accounts.tenant_id')
        .onRef('mandates.run_id', '=', 'budget_accounts.subject'),
    )
    .selectAll('budget_accounts')
    .select('mandates.project_id as projectId')
    .where('budget_accounts.tenant_id', '=', tenantId)
    .where('level', '=', 'run')
  if (of !== 'tenant') query = query.where('mandates.project_id', 'in', of)
  // Of both tables, so that neither is read from its newest run on.
  if (before !== undefined) query = query.where('subject', '<', before).where('mandates.run_id', '<', before)
  const rows = await query.orderBy('subject', 'desc').limit(limit).execute()
  return rows.map(({ projectId, ...account }) => ({ ...viewAccount(account), projectId }))
}

/** Newest first, before a position. */
export async function ledgerEntries(
  tx: Tx,
  tenantId: TenantId,
  page: {
    readonly of: Breadth
    readonly runId: string | undefined
    readonly before: number | undefined
    readonly limit: number
  },
): Promise<readonly LedgerEntry[]> {
  const { of, runId, before, limit } = page
  let query = tx.selectFrom('ledger_entries').selectAll().where('tenant_id', '=', tenantId)
  if (of !== 'tenant') query = query.where('project_id', 'in', of)
  if (runId !== undefined) query = query.where('run_id', '=', runId)
  if (before !== undefined) query = query.where('seq', '<', before)
  const rows = await query.orderBy('seq', 'desc').limit(limit).execute()
  return rows.map((row) => ({
    seq: row.seq,
    at: row.at.toISOString(),
    kind: row.kind,
    reason: row.reason,
    projectId: row.project_id,
    runId: row.run_id,
    stepId: row.step_id,
    actKey: row.act_key,
    attempt: row.attempt,
    amounts: { money: row.money, tokens: row.tokens, toolCalls: row.tool_calls, seconds: row.seconds },
  }))
}
