import { useMemo } from 'react'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'

/** The query of an address, with text as it stands: `?status=failed`, never JSON. */
export function parseSearchParameters(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search))
}

/** The counterpart of {@link parseSearchParameters}; empty values are left out. */
export function writeSearchParameters(values: Record<string, unknown>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string' && value !== '') parameters.set(name, value)
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/** What a screen shows as its address says, and a way to change it: an undefined value leaves the address. */
export function useSearchParameters(): {
  readonly values: Readonly<Record<string, string | undefined>>
  readonly change: (changes: Readonly<Record<string, string | undefined>>) => void
} {
  const values: Record<string, string | undefined> = useSearch({ strict: false })
  const navigate = useNavigate()
  return useMemo(
    () => ({
      values,
      change: (changes) => {
        void navigate({
          to: '.',
          search: (previous: Record<string, string>) => ({ ...previous, ...changes }),
          replace: true,
          resetScroll: false,
        })
      },
    }),
    [values, navigate],
  )
}

/** A parameter of the screen's path, which the router has matched. */
export function usePathParameter(name: string): string {
  const parameters: Record<string, string | undefined> = useParams({ strict: false })
  const value = parameters[name]
  if (value === undefined) throw new Error(`The path of this screen has no parameter ${name}`)
  return value
}
