import { useMemo } from 'react'
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query'
import { studio, type Answer } from '../api/index.ts'

export type Project = Answer<'getProject'>

/** Every project that whoever is signed in may read, archived ones too. */
export const projectsQuery = infiniteQueryOptions({
  queryKey: ['projects'],
  queryFn: ({ pageParam, signal }) =>
    studio.listProjects({
      query: { limit: 200, archived: true, ...(pageParam === null ? {} : { after: pageParam }) },
      signal,
    }),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next }) => next,
  staleTime: 60_000,
})

/** Every project that is known so far, with what one may do in it. */
export function useAllProjects(): readonly Project[] {
  const { data } = useInfiniteQuery(projectsQuery)
  return useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data])
}

/** The projects that can be told apart: none where there is only one, since then nobody needs to know of it. */
export function useProjects(): readonly Project[] {
  const projects = useAllProjects()
  return projects.length > 1 ? projects : none
}

const none: readonly Project[] = []

/** What people call a project; its id while that is not known. */
export function projectName(projects: readonly Project[], id: string): string {
  return projects.find((project) => project.id === id)?.name ?? id
}
