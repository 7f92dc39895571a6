import { useEffect, useMemo } from 'react'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { statusOf, studio, type Answer, type RunFilter } from '../api/index.ts'
import { parseSearchParameters, writeSearchParameters } from '../app/search-parameters.ts'
import { leftInBrowser, takenOver } from './browser-views.ts'
import { filterOf } from './run-filter.ts'

type Views = Answer<'getRunViews'>['views']

/** A filter of the list of runs under a name. */
export interface SavedView {
  readonly name: string
  /** The query of the address, with its question mark. */
  readonly search: string
}

const viewsQuery = queryOptions({
  queryKey: ['run-views'],
  queryFn: ({ signal }) => readViews(signal),
  staleTime: 60_000,
})

async function readViews(signal?: AbortSignal): Promise<{ readonly views: Views; readonly tag: string }> {
  let tag = ''
  const { views } = await studio.getRunViews({
    ...(signal && { signal }),
    onResponse: ({ headers }) => (tag = headers.get('etag') ?? ''),
  })
  return { views, tag }
}

const changedMeanwhile = 412
const mostTries = 4

/** Changes what the studio keeps, whatever another browser of the same person does at the same time. */
async function changeViews(change: (views: Views) => Views): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const { views, tag } = await readViews()
    try {
      await studio.setRunViews({ body: { views: change(views) }, ifMatch: tag })
      return
    } catch (error) {
      if (statusOf(error) !== changedMeanwhile || tries === mostTries) throw error
    }
  }
}

/** A view of one name takes the place of another one of this name. */
function withView(views: Views, { name, search }: SavedView): Views {
  const filter: RunFilter = filterOf(parseSearchParameters(search))
  return [...views.filter((view) => view.name !== name), { name, filter }]
}

/** The views that whoever is signed in keeps with the studio. What this browser alone had is taken over. */
export function useSavedViews() {
  const cache = useQueryClient()
  const { data } = useQuery(viewsQuery)
  const { mutate, error } = useMutation({
    mutationFn: changeViews,
    onSettled: () => cache.invalidateQueries(viewsQuery),
  })
  const isLoaded = data !== undefined
  useEffect(() => {
    const left = leftInBrowser()
    if (!isLoaded || left.length === 0) return
    mutate(
      (views) =>
        left.filter(({ name }) => views.every((view) => view.name !== name)).reduce<Views>(withView, views),
      { onSuccess: takenOver },
    )
  }, [isLoaded, mutate])
  const views = useMemo(
    () => data?.views.map(({ name, filter }) => ({ name, search: writeSearchParameters(filter) })) ?? [],
    [data],
  )
  return {
    views,
    error,
    save: (view: SavedView) => mutate((all) => withView(all, view)),
    forget: (name: string) => mutate((all) => all.filter((view) => view.name !== name)),
  }
}
