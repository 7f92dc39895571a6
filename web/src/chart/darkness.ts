import { useSyncExternalStore } from 'react'
import { useColourScheme } from '../app/colour-scheme.ts'

const systemIsDark = window.matchMedia('(prefers-color-scheme: dark)')

/** Whether the page is dark now, for what is drawn and not styled. */
export function useDarkness(): boolean {
  const scheme = useColourScheme()
  const system = useSyncExternalStore(
    (listener) => {
      systemIsDark.addEventListener('change', listener)
      return () => systemIsDark.removeEventListener('change', listener)
    },
    () => systemIsDark.matches,
  )
  return scheme === 'system' ? system : scheme === 'dark'
}
