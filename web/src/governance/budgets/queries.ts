import { queryOptions } from '@tanstack/react-query'
import { studio, type Answer } from '../../api/index.ts'

export type Account = Answer<'listBudgets'>['items'][number]
export type Outlook = Answer<'getBudgetOutlook'>
export type BurnRow = Answer<'getBurn'>['items'][number]
export type BurnKey = 'project' | 'agent' | 'tool' | 'model'

export const budgetsQuery = queryOptions({
  queryKey: ['budgets', 'accounts'],
  queryFn: ({ signal }) => studio.listBudgets({ signal }),
})

/** How money went by day, and how it will go on, for the tenant or one project. */
export function outlookQuery(projectId: string | undefined) {
  return queryOptions({
    queryKey: ['budgets', 'outlook', projectId ?? ''],
    queryFn: ({ signal }) =>
      studio.getBudgetOutlook({ query: projectId === undefined ? {} : { projectId }, signal }),
  })
}

export function burnQuery(by: BurnKey) {
  return queryOptions({
    queryKey: ['budgets', 'burn', by],
    queryFn: ({ signal }) => studio.getBurn({ query: { by, days: 30 }, signal }),
  })
}
