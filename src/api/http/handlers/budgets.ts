import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'
import { pageFrom, positionOf } from './position.ts'

type BudgetHandlers = Pick<
  Handlers,
  'listBudgets' | 'listRunBudgets' | 'setBudget' | 'listLedger' | 'getBurn' | 'getBudgetOutlook'
>

export function budgetHandlers({ budgets }: Pick<Services, 'budgets'>): BudgetHandlers {
  return {
    listBudgets: async ({ caller }) => ({ items: await budgets.tree(caller) }),
    listRunBudgets: async ({ caller, query: { after, limit, projectId } }) => {
      const found = await budgets.runs(caller, projectId, { before: after, limit: limit + 1 })
      return pageFrom(found, limit, ({ subject }) => subject)
    },
    setBudget: ({ caller, params, body }) => {
      const { money, tokens, toolCalls, seconds } = body
      const limits = {
        ...(money === undefined ? {} : { money }),
        ...(tokens === undefined ? {} : { tokens }),
        ...(toolCalls === undefined ? {} : { toolCalls }),
        ...(seconds === undefined ? {} : { seconds }),
      }
      return budgets.setLimits(caller, params, limits)
    },
    listLedger: async ({ caller, query: { after, limit, runId } }) => {
      const found = await budgets.ledger(caller, runId, { before: positionOf(after), limit: limit + 1 })
      return pageFrom(found, limit, ({ seq }) => String(seq))
    },
    getBurn: async ({ caller, query }) => ({ items: await budgets.burn(caller, query.by, query.days) }),
    getBudgetOutlook: ({ caller, query }) => budgets.outlook(caller, query.projectId),
  }
}
