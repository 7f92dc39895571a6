import type { ColumnType } from 'kysely'
import type { BudgetLevel } from './cost.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    budget_accounts: BudgetAccountsTable
    budget_reservations: BudgetReservationsTable
    ledger_entries: LedgerEntriesTable
  }
}

/** Written by the database functions `ledger_*` alone. */
type Derived<T> = ColumnType<T, never, never>

interface BudgetAccountsTable {
  tenant_id: Derived<string>
  level: Derived<BudgetLevel>
  /** Tenant, project or run id; a step is `<run>/<step>`. */
  subject: Derived<string>
  /** Null: no limit. */
  money_limit: Derived<number | null>
  money_reserved: Derived<number>
  money_spent: Derived<number>
  tokens_limit: Derived<number | null>
  tokens_reserved: Derived<number>
  tokens_spent: Derived<number>
  tool_calls_limit: Derived<number | null>
  tool_calls_reserved: Derived<number>
  tool_calls_spent: Derived<number>
  seconds_limit: Derived<number | null>
  seconds_reserved: Derived<number>
  seconds_spent: Derived<number>
}

interface Amounts {
  money: Derived<number>
  tokens: Derived<number>
  tool_calls: Derived<number>
  seconds: Derived<number>
}

interface Purpose {
  tenant_id: Derived<string>
  act_key: Derived<string>
  attempt: Derived<number>
  project_id: Derived<string>
  run_id: Derived<string>
  step_id: Derived<string>
}

interface BudgetReservationsTable extends Purpose, Amounts {
  state: Derived<'held' | 'settled'>
  reserved_at: Derived<Date>
}

interface LedgerEntriesTable extends Purpose, Amounts {
  seq: Derived<number>
  /** What `money` … `seconds` are: what was reserved, or what was spent when the reservation ended. */
  kind: Derived<'reserve' | 'settle'>
  /** `performed`, `failed`, `refused` or `abandoned`; null on a reservation. */
  reason: Derived<string | null>
  money_overrun: Derived<number>
  tokens_overrun: Derived<number>
  tool_calls_overrun: Derived<number>
  seconds_overrun: Derived<number>
  at: Derived<Date>
}
