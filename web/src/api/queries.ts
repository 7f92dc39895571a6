import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { studio, type Comment, type RunQuery, type Submission } from './client.ts'

/** What a list of runs is limited to. */
export type RunFilter = Omit<RunQuery, 'after' | 'limit'>

const pageSize = 100
/** Milliseconds after which a list is read again even when no event said that it changed. */
const patience = 60_000

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
    refetchInterval: patience,
  })
}

/** What waits for whoever is signed in, newest first. */
export const inboxQuery = infiniteQueryOptions({
  queryKey: ['inbox'],
  queryFn: ({ pageParam, signal }) =>
    studio.listInbox({ query: pageParam === null ? {} : { after: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next }) => next,
  refetchInterval: patience,
})

export function runQuery(runId: string) {
  return queryOptions({
    queryKey: ['run', runId],
    queryFn: ({ signal }) => studio.getRun({ params: { runId }, signal }),
  })
}

/** What was last asked about a run's change, with what people said; null when nothing was. */
export function approvalQuery(runId: string) {
  return queryOptions({
    queryKey: ['run', runId, 'approval'],
    queryFn: async ({ signal }) => {
      const { items } = await studio.listApprovals({ query: { runId, limit: 1 }, signal })
      return items[0] ?? null
    },
  })
}

export function changeQuery(runId: string) {
  return queryOptions({
    queryKey: ['run', runId, 'change'],
    queryFn: ({ signal }) => studio.getChange({ params: { runId }, signal }),
  })
}

/** Every comment on the change of a run, oldest first. */
export function commentsQuery(runId: string) {
  return queryOptions({
    queryKey: ['run', runId, 'comments'],
    queryFn: async ({ signal }) => {
      const comments: Comment[] = []
      let after: string | null = null
      do {
        const page: Awaited<ReturnType<typeof studio.listComments>> = await studio.listComments({
          params: { runId },
          query: { limit: 200, ...(after === null ? {} : { after }) },
          signal,
        })
        comments.push(...page.items)
        after = page.next
      } while (after !== null)
      return comments
    },
  })
}

export function testsQuery(runId: string) {
  return queryOptions({
    queryKey: ['run', runId, 'tests'],
    queryFn: ({ signal }) => studio.getTests({ params: { runId }, signal }),
  })
}

export function traceQuery(runId: string) {
  return queryOptions({
    queryKey: ['run', runId, 'trace'],
    queryFn: ({ signal }) => studio.getTrace({ params: { runId }, signal }),
  })
}

/** What was attempted in a run, or in one of its steps. */
export function actsQuery(runId: string, stepId?: string) {
  return infiniteQueryOptions({
    queryKey: ['run', runId, 'acts', stepId ?? null],
    queryFn: ({ pageParam, signal }) =>
      studio.listActs({
        params: { runId },
        query: {
          limit: pageSize,
          ...(stepId === undefined ? {} : { stepId }),
          ...(pageParam === null ? {} : { after: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  })
}

export function stepQuery(runId: string, stepId: string) {
  return queryOptions({
    queryKey: ['run', runId, 'step', stepId],
    queryFn: ({ signal }) => studio.getStep({ params: { runId, stepId }, signal }),
  })
}

/** The plan and the estimate of a submission; nothing is started. */
export function previewQuery(submission: Submission) {
  return queryOptions({
    queryKey: ['preview', submission],
    queryFn: ({ signal }) => studio.previewWorkItem({ body: submission, signal }),
    staleTime: 60_000,
  })
}
