import type { SavedView } from './saved-views.ts'

/** Views were kept in the browser before the studio kept them. */
const place = 'atelier.run-views'

function isView(value: unknown): value is SavedView {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'name') === 'string' &&
    typeof Reflect.get(value, 'search') === 'string'
  )
}

/** What this browser still has by itself. */
export function leftInBrowser(): readonly SavedView[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(stored) ? stored.filter(isView) : []
  } catch {
    // Not ours, or storage is forbidden.
    return []
  }
}

/** The studio has them now. */
export function takenOver(): void {
  localStorage.removeItem(place)
}
