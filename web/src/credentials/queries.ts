import { queryOptions } from '@tanstack/react-query'
import { studio, type Answer } from '../api/index.ts'

export type ApiToken = Answer<'listTokens'>['items'][number]
export type Session = Answer<'listSessions'>['items'][number]

/** One's own tokens, or those of everybody in the tenant. */
export function tokensQuery(whose: 'own' | 'all') {
  return queryOptions({
    queryKey: ['tokens', whose],
    queryFn: ({ signal }) =>
      whose === 'own' ? studio.listTokens({ signal }) : studio.listAllTokens({ signal }),
  })
}

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => studio.listSessions({ signal }),
})
