import { httpErrors } from '../errors.ts'

/** A position in a list that is ordered by numbers. @throws ATL_API_REQUEST_INVALID */
export function positionOf(after: string | undefined): number | undefined {
  if (after === undefined) return undefined
  if (/^\d{1,15}$/.test(after)) return Number(after)
  throw httpErrors.REQUEST_INVALID({ detail: '`after` is no position of this list' })
}

/** A page out of one item more than it is to have, which is how one sees that there is a next one. */
export function pageFrom<T>(
  found: readonly T[],
  limit: number,
  position: (item: T) => string,
): { readonly items: readonly T[]; readonly next: string | null } {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? position(last) : null }
}
