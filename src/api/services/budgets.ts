import type { Caller } from '../../contracts/index.ts'
import {
  addUpDays,
  burnByDay,
  countAccepted,
  forecast,
  moneyByDay,
  moneyPerAcceptedChange,
} from '../../control/figures/index.ts'
import type { BurnKey, BurnRow, Forecast } from '../../control/figures/index.ts'
import { findAccount, ledgerEntries, runAccounts, wideAccounts } from '../../governance/budget/index.ts'
import type { Balance, Breadth, BudgetLevel, LedgerEntry } from '../../governance/budget/index.ts'
import type { TenantScope } from '../../engine/index.ts'
import type { Intention, Limits } from '../../governance/index.ts'
import type { ProjectId } from '../../kernel/index.ts'
import { type Access, scopeOf } from './access.ts'
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

/** An account that nothing was spent from and nobody limited: there is none yet. */
const none = { limit: null, reserved: 0, spent: 0 } as const
const unlimited: Balance['units'] = { money: none, tokens: none, toolCalls: none, seconds: none }

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
    const { scope, of } = await this.#reading(caller)
    return this.#services.database.transaction(scope, (tx) => wideAccounts(tx, scope.tenantId, of))
  }

  /** Accounts of runs, newest first. */
  async runs(
    caller: Caller,
    projectId: string | undefined,
    page: PageBefore<string>,
  ): Promise<readonly (Balance & { readonly projectId: string })[]> {
    const { scope, of } = await this.#reading(caller, projectId)
    return this.#services.database.transaction(scope, (tx) =>
      runAccounts(tx, scope.tenantId, { of, ...page }),
    )
  }

  async ledger(
    caller: Caller,
    runId: string | undefined,
    page: PageBefore<number>,
  ): Promise<readonly LedgerEntry[]> {
    const { scope, of } = await this.#reading(caller)
    return this.#services.database.transaction(scope, (tx) =>
      ledgerEntries(tx, scope.tenantId, { of, runId, ...page }),
    )
  }

  /**
   * What was used on each of the last days (UTC), today among them: in the tenant, or in the projects in which the caller
   * has a role that shows it.
   */
  async burn(caller: Caller, by: BurnKey, days: number): Promise<readonly BurnRow[]> {
    const { scope, of } = await this.#reading(caller)
    const today = Math.floor(this.#services.clock.now() / dayMs)
    const since = new Date((today - days) * dayMs)
    await addUpDays(this.#services.database, scope, by)
    return this.#services.database.transaction(scope, (tx) =>
      burnByDay(tx, scope.tenantId, { since, by, of }),
    )
  }

  /** How the money of the tenant, or of one project, will go on, by the last four weeks. */
  async outlook(caller: Caller, projectId: string | undefined): Promise<BudgetOutlook> {
    const about = projectId === undefined ? ofTenant(caller) : ofProject(caller, projectId as ProjectId)
    const scope = await this.#access.assertReading(caller, about)
    const now = new Date(this.#services.clock.now())
    const today = now.toISOString().slice(0, 10)
    const { tenantId } = scope
    await addUpDays(this.#services.database, scope, 'project')
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
      const since = new Date(now.getTime() - 28 * dayMs)
      const used = days.map((one) => one.money)
      const perAccepted =
        projectId === undefined
          ? await moneyPerAcceptedChange(tx, tenantId, since)
          : shareOf(used, await countAccepted(tx, tenantId, { projectId, since }))
      return { days, forecast: forecast(used, left, today), left, moneyPerAcceptedChange: perAccepted }
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
    const scope = scopeOf(caller)
    const changed = await this.#services.database.transaction(scope, (tx) =>
      findAccount(tx, scope.tenantId, account.level, subject),
    )
    return changed ?? { level: account.level, subject, units: unlimited }
  }

  /** Whose figures the caller may see: the tenant's, or those of projects. */
  async #reading(
    caller: Caller,
    only?: string,
  ): Promise<{ readonly scope: TenantScope; readonly of: Breadth }> {
    if (only !== undefined) {
      const projectId = only as ProjectId
      return {
        scope: await this.#access.assertReading(caller, ofProject(caller, projectId)),
        of: [projectId],
      }
    }
    const asked = ofTenant(caller)
    if (this.#access.permits(caller, asked)) return { scope: scopeOf(caller), of: 'tenant' }
    const of = await this.#access.projectsWhere(caller, (id) => ofProject(caller, id))
    return { scope: of.length === 0 ? await this.#access.assertReading(caller, asked) : scopeOf(caller), of }
  }
}

function ofTenant({ principal: { tenantId } }: Caller): Intention {
  return { action: 'read-budget', resource: { kind: 'budget', tenantId, level: 'tenant', subject: tenantId } }
}

function ofProject({ principal: { tenantId } }: Caller, subject: ProjectId): Intention {
  return { action: 'read-budget', resource: { kind: 'budget', tenantId, level: 'project', subject } }
}

function shareOf(money: readonly number[], changes: number): number | null {
  return changes === 0 ? null : Math.round(money.reduce((sum, one) => sum + one, 0) / changes)
}
