import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { studio, type RunStatus } from './client.ts'

/** What a list of runs is limited to. */
export interface RunFilter {
  readonly status?: RunStatus
}

/** Milliseconds between looks at a list for what is new, while the page is in sight. */
const listInterval = 5000
const pageSize = 100

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => studio.getMe({ signal }),
  staleTime: 5 * 60_000,
})

/** Runs by page, newest first. */
export function runsQuery(filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: ['runs', filter],
    queryFn: ({ pageParam, signal }) =>
      studio.listRuns({
        query: { ...filter, limit: pageSize, ...(pageParam === null ? {} : { after: pageParam }) },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    // Only the first pages are asked for again: what is older does not change its place.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= 2 ? listInterval : false),
  })
}

export function runQuery(runId: string) {
  return queryOptions({
    queryKey: ['run', runId],
    queryFn: ({ signal }) => studio.getRun({ params: { runId }, signal }),
  })
}
