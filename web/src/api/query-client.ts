import { QueryClient } from '@tanstack/react-query'
import { statusOf } from './failure.ts'

/**
 * The cache of what the studio answered. Refusals are shown at once; only what a second try can help, a cut connection or
 * an overloaded server, is asked again. Offline, decisions fail at once: nothing is decided later behind anybody's back.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        gcTime: 10 * 60_000,
        networkMode: 'always',
        retry: (failures, error) => failures < 2 && (statusOf(error) ?? 503) >= 500,
        retryDelay: (attempt) => 300 * 2 ** attempt,
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}
