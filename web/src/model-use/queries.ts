import { queryOptions } from '@tanstack/react-query'
import { studio, type Answer } from '../api/index.ts'

export type ModelUse = Answer<'getOwnModelUse'>

/** Milliseconds after which what was used is read again. */
const patience = 30_000

/** One's own use of models today. */
export const ownModelUseQuery = queryOptions({
  queryKey: ['budgets', 'model-use'],
  queryFn: ({ signal }) => studio.getOwnModelUse({ signal }),
  refetchInterval: patience,
})

/** That of somebody else. */
export function modelUseQuery(memberId: string) {
  return queryOptions({
    queryKey: ['budgets', 'model-use', memberId],
    queryFn: ({ signal }) => studio.getModelUse({ params: { memberId }, signal }),
  })
}
