import type { Caller } from '../../contracts/index.ts'
import { burnByDay, forecast, measureFlow, moneyByDay } from '../../control/figures/index.ts'
import type { BurnKey, BurnRow, Forecast } from '../../control/figures/index.ts'
import { findAccount, ledgerEntries, runAccounts, wideAccounts } from '../../governance/budget/index.ts'
import type { Balance, BudgetLevel, LedgerEntry } from '../../governance/budget/index.ts'
import type { Limits } from '../../governance/index.ts'
import type { ProjectId } from '../../kernel/index.ts'
import type { Access } from './access.ts'
import type { StudioServices } from './studio-services.ts'

export interface BudgetOutlook {
  readonly days: readonly { readonly day: string; readonly money: number }[]
  readonly forecast: Forecast
  /** Money that is neither spent nor reserved; null without a limit. */
  readonly left: number | null
  readonly moneyPerAcceptedChange: number | null
}

export interface PageBefore<P> {
  readonly before: P | undefined
  readonly limit: number
}

const dayMs = 86_400_000

type Parts = Pick<StudioServices, 'database' | 'clock' | 'administration'>

/** Budgets, what is used of them, and how long they last. */
export class BudgetService {
  readonly #services: Parts
  readonly #access: Access

  constructor(services: Parts, access: Access) {
    this.#services = services
    this.#access = access
  }

  /** Accounts of the tenant and its projects. @throws ATL_DOOR_DENIED, as all of these */
  async tree(caller: Caller): Promise<readonly Balance[]> {
    const scope = await this.#mayRead(caller)
    return this.#services.database.transaction(scope, (tx) => wideAccounts(tx, scope.tenantId))
  }

  /** Accounts of runs, newest first. */
  async runs(
    caller: Caller,
    projectId: string | undefined,
    page: PageBefore<string>,
  ): Promise<readonly (Balance & { readonly projectId: string })[]> {
    const scope = await this.#mayRead(caller)
    return this.#services.database.transaction(scope, (tx) =>
      runAccounts(tx, scope.tenantId, { projectId: projectId as ProjectId | undefined, ...page }),
    )
  }

  async ledger(
    caller: Caller,
    runId: string | undefined,
    page: PageBefore<number>,
  ): Promise<readonly LedgerEntry[]> {
    const scope = await this.#mayRead(caller)
    return this.#services.database.transaction(scope, (tx) =>
      ledgerEntries(tx, scope.tenantId, { runId, ...page }),
    )
  }

  async burn(caller: Caller, by: BurnKey, days: number): Promise<readonly BurnRow[]> {
    const scope = await this.#mayRead(caller)
    const since = new Date(this.#services.clock.now() - days * dayMs)
    return this.#services.database.transaction(scope, (tx) => burnByDay(tx, scope.tenantId, { since, by }))
  }

  /** How the money of the tenant, or of one project, will go on, by the last four weeks. */
  async outlook(caller: Caller, projectId: string | undefined): Promise<BudgetOutlook> {
    const scope = await this.#mayRead(caller)
    const now = new Date(this.#services.clock.now())
    const today = now.toISOString().slice(0, 10)
    const { tenantId } = scope
    return this.#services.database.transaction(scope, async (tx) => {
      const days = await moneyByDay(tx, tenantId, {
        days: 28,
        today: new Date(today),
        ...(projectId === undefined ? {} : { projectId }),
      })
      const account =
        projectId === undefined
          ? await findAccount(tx, tenantId, 'tenant', tenantId)
          : await findAccount(tx, tenantId, 'project', projectId)
      const money = account?.units.money
      const left = money?.limit == null ? null : money.limit - money.spent - money.reserved
      const { moneyPerAcceptedChange } = await measureFlow(tx, tenantId, new Date(now.getTime() - 28 * dayMs))
      const used = days.map((one) => one.money)
      return { days, forecast: forecast(used, left, today), left, moneyPerAcceptedChange }
    })
  }

  /** Replaces the limits of an account; a unit left out has none. @throws ATL_BUDGET_LIMIT_BELOW_USE */
  async setLimits(
    caller: Caller,
    account: { readonly level: BudgetLevel; readonly subject: string },
    limits: Limits,
  ): Promise<Balance> {
    const { principal } = caller
    // The tenant's own account is the caller's, whatever it is called in the request.
    const subject = account.level === 'tenant' ? principal.tenantId : account.subject
    await this.#services.administration.setLimits(principal, { level: account.level, subject }, limits)
    const scope = await this.#mayRead(caller)
    const changed = await this.#services.database.transaction(scope, (tx) =>
      findAccount(tx, scope.tenantId, account.level, subject),
    )
    if (changed === undefined)
      throw new Error(`${account.level} ${subject} has no account after it was given limits`)
    return changed
  }

  #mayRead(caller: Caller) {
    const { tenantId } = caller.principal
    return this.#access.assertReading(caller, {
      action: 'read-budget',
      resource: { kind: 'budget', tenantId, level: 'tenant', subject: tenantId },
    })
  }
}
