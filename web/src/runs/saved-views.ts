import { useSyncExternalStore } from 'react'

/** A filter of the list of runs under a name. */
export interface SavedView {
  readonly name: string
  /** The query of the address, with its question mark. */
  readonly search: string
}

const place = 'atelier.run-views'
const listeners = new Set<() => void>()

function isView(value: unknown): value is SavedView {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'name') === 'string' &&
    typeof Reflect.get(value, 'search') === 'string'
  )
}

function read(): readonly SavedView[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(stored) ? stored.filter(isView) : []
  } catch {
    // Not ours, or storage is forbidden.
    return []
  }
}

let views: readonly SavedView[] | undefined

function write(next: readonly SavedView[]): void {
  views = next
  try {
    localStorage.setItem(place, JSON.stringify(next))
  } catch {
    // Storage is forbidden or full: the views hold for this page.
  }
  for (const listener of listeners) listener()
}

/** Keeps a view in this browser; one of the same name is replaced. */
export function saveView(view: SavedView): void {
  write([...(views ?? read()).filter(({ name }) => name !== view.name), view])
}

export function forgetView(name: string): void {
  write((views ?? read()).filter((view) => view.name !== name))
}

export function useSavedViews(): readonly SavedView[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => (views ??= read()),
  )
}
