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

/** The projects that can be told apart: none where there is only one, since then nobody needs to know of it. */
export function useProjects(): readonly Project[] {
  const { data } = useInfiniteQuery(projectsQuery)
  const projects = data?.pages.flatMap(({ items }) => items) ?? []
  return projects.length > 1 ? projects : []
}

/** What people call a project; its id while that is not known. */
export function projectName(projects: readonly Project[], id: string): string {
  return projects.find((project) => project.id === id)?.name ?? id
}
