import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { studio, type Answer } from '../api/index.ts'

export type Member = Answer<'getPerson'>

/** People and services by page, by their ids. */
export const peopleQuery = infiniteQueryOptions({
  queryKey: ['people'],
  queryFn: ({ pageParam, signal }) =>
    studio.listPeople({ query: { limit: 200, ...(pageParam === null ? {} : { after: pageParam }) }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next }) => next,
})

export function personQuery(memberId: string) {
  return queryOptions({
    queryKey: ['person', memberId],
    queryFn: ({ signal }) => studio.getPerson({ params: { memberId }, signal }),
  })
}
