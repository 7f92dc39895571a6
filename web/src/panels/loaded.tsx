import type { ReactNode } from 'react'
import { ErrorState, Skeleton } from '../ui/index.ts'

/** What a query has come to, as the query library tells it. */
interface Query<T> {
  readonly data: T | undefined
  readonly error: unknown
  readonly refetch: () => unknown
}

/** What was asked for once it is there; until then its place, and where it does not come, why. */
export function Loaded<T>({
  query: { data, error, refetch },
  lines = 6,
  children,
}: {
  readonly query: Query<T>
  readonly lines?: number
  readonly children: (data: T) => ReactNode
}) {
  if (data !== undefined) return children(data)
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  return <Skeleton lines={lines} />
}
