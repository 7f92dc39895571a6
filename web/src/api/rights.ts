import { useMemo } from 'react'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { studio, type Answer } from './client.ts'
import { meQuery } from './queries.ts'

type Me = Answer<'getMe'>
export type TenantRight = Me['may'][number]
export type ProjectRight = Me['mayInProjects'][number]

/** A right in the tenant as a whole, or one in some project at least. */
export type Need = { readonly inTenant: TenantRight } | { readonly inSomeProject: ProjectRight }

function has(me: Me, need: Need): boolean {
  return 'inTenant' in need ? me.may.includes(need.inTenant) : me.mayInProjects.includes(need.inSomeProject)
}

/**
 * Whether whoever is signed in may see or do something, as the studio's policies say; undefined while that is not known. It
 * decides what is offered and nothing else: where the studio does not say, everything is, and it refuses by itself.
 */
export function useMay(need: Need | undefined): boolean | undefined {
  const judge = useRights()
  return judge === undefined ? undefined : judge(need)
}

/** {@link useMay} for many: what is permitted; undefined while that is not known. */
export function useRights(): ((need: Need | undefined) => boolean) | undefined {
  const { data: me, isError } = useQuery(meQuery)
  return useMemo(() => {
    if (me === undefined) return isError ? () => true : undefined
    return (need: Need | undefined) => need === undefined || has(me, need)
  }, [me, isError])
}

/** With which roles one would be permitted what. */
export const rightsQuery = queryOptions({
  queryKey: ['me', 'rights'],
  queryFn: ({ signal }) => studio.listRights({ signal }),
  staleTime: 5 * 60_000,
})
