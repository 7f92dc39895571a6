import { queryOptions, useQuery } from '@tanstack/react-query'
import { type RunSummary, statusOf, studio } from '../api/index.ts'
import { useSettled } from '../editor/settled.ts'
import { useOnline } from './connection-banner.tsx'
import { isAbout } from './find-commands.ts'

/** Runs that the palette has room for. */
const most = 6
/** Letters from which on runs are looked for. */
const fewest = 2

const wholeId = /^run_[0-9a-z]{26}$/

/** The newest runs that a text is about. A whole id finds its run however old it is. */
function foundRunsQuery(text: string) {
  return queryOptions({
    queryKey: ['found-runs', text],
    queryFn: async ({ signal }): Promise<readonly RunSummary[]> => {
      if (!wholeId.test(text)) return (await studio.listRuns({ query: { text, limit: most }, signal })).items
      return studio.getRun({ params: { runId: text }, signal }).then(
        (run) => [run],
        (error: unknown) => {
          if (statusOf(error) === 404) return []
          throw error
        },
      )
    },
    retry: false,
  })
}

export interface FoundRuns {
  readonly runs: readonly RunSummary[]
  readonly state: 'not asked' | 'offline' | 'searching' | 'found' | 'failed'
  readonly error: unknown
}

/**
 * Runs that a text is about, looked for once typing pauses. What was found for the letters before stays as far as it still
 * fits, so that nothing flashes; an answer to older letters never comes in the place of a newer one.
 */
export function useFoundRuns(typed: string): FoundRuns {
  const online = useOnline()
  const text = typed.trim()
  const settled = useSettled(text, 250)
  const isAsked = settled.length >= fewest
  const { data, error, isFetching } = useQuery({
    ...foundRunsQuery(settled),
    enabled: online && isAsked,
    placeholderData: (previous) => previous,
  })
  if (text.length < fewest) return { runs: [], state: 'not asked', error: null }
  const runs = (data ?? []).filter((run) => isAbout(run, text))
  if (!online) return { runs, state: 'offline', error: null }
  const isBehind = settled !== text || isFetching
  const state = isBehind ? 'searching' : error === null ? 'found' : 'failed'
  return { runs, state, error }
}
