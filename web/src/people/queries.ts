import { infiniteQueryOptions } from '@tanstack/react-query'
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
