import { queryOptions } from '@tanstack/react-query'
import { studio, type Answer } from '../../api/index.ts'

export type Policy = Answer<'getPolicies'>['policies'][number]
export type OwnPolicy = Answer<'listOwnPolicies'>['items'][number]
export type Simulation = Answer<'simulatePolicy'>

/** Everything that decides for the tenant, shipped or its own. */
export const policiesQuery = queryOptions({
  queryKey: ['policies', 'in-force'],
  queryFn: ({ signal }) => studio.getPolicies({ signal }),
})

/** The tenant's own that are in force, and drafts. */
export const ownPoliciesQuery = queryOptions({
  queryKey: ['policies', 'own'],
  queryFn: ({ signal }) => studio.listOwnPolicies({ signal }),
})

export function policyVersionsQuery(name: string) {
  return queryOptions({
    queryKey: ['policies', 'own', name],
    queryFn: async ({ signal }) => (await studio.listOwnPolicyVersions({ params: { name }, signal })).items,
  })
}

/** What is wrong with a text as it is being written, and how its tests come out. */
export function policyCheckQuery(name: string, text: string, tests: string) {
  return queryOptions({
    queryKey: ['policy-check', name, text, tests],
    queryFn: ({ signal }) => studio.checkPolicy({ body: { name, text, tests }, signal }),
    enabled: text.trim() !== '',
    staleTime: Infinity,
    gcTime: 60_000,
    // While the next text is being read, what is known of the one before stays.
    placeholderData: (before) => before,
  })
}
