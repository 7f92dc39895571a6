import { apiErrors } from '../errors.ts'

/** Where a page ends: the time by which a list is ordered, as the database writes it, and the id of the row. */
export interface Position {
  readonly time: string
  readonly id: string
}

/** A position as clients pass it back; they need not understand it. */
export function writeCursor({ time, id }: Position): string {
  return Buffer.from(JSON.stringify([time, id])).toString('base64url')
}

const datePattern = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}(?::?\d{2})?)$/

/** @throws ATL_STUDIO_CURSOR_INVALID */
export function readCursor(text: string | undefined): Position | undefined {
  if (text === undefined) return undefined
  const [time, id] = parsed(text)
  if (typeof time !== 'string' || typeof id !== 'string') throw apiErrors.CURSOR_INVALID()
  if (!datePattern.test(time) || Number.isNaN(Date.parse(time)) || id.includes('\0'))
    throw apiErrors.CURSOR_INVALID()
  return { time, id }
}

function parsed(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

/** One page out of rows of which one more than fit was read. */
export function pageOfRows<R, T>(
  rows: readonly R[],
  limit: number,
  positionOf: (row: R) => Position,
  items: readonly T[],
): { readonly items: readonly T[]; readonly next: string | null } {
  const last = rows[limit - 1]
  return { items, next: rows.length > limit && last !== undefined ? writeCursor(positionOf(last)) : null }
}
