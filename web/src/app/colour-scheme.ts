import { useSyncExternalStore } from 'react'

export type ColourScheme = 'system' | 'light' | 'dark'

/** `public/colour-scheme.js` reads the same place before the first paint. */
const place = 'atelier.colour-scheme'
const listeners = new Set<() => void>()

function readColourScheme(): ColourScheme {
  const scheme = document.documentElement.dataset['scheme']
  return scheme === 'light' || scheme === 'dark' ? scheme : 'system'
}

/** Chooses light, dark or what the system has, and remembers it in this browser. */
export function chooseColourScheme(scheme: ColourScheme): void {
  if (scheme === 'system') delete document.documentElement.dataset['scheme']
  else document.documentElement.dataset['scheme'] = scheme
  try {
    if (scheme === 'system') localStorage.removeItem(place)
    else localStorage.setItem(place, scheme)
  } catch {
    // Storage is forbidden: the choice holds for this page.
  }
  for (const listener of listeners) listener()
}

export function useColourScheme(): ColourScheme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, readColourScheme)
}
