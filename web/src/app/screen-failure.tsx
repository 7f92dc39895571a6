import type { ErrorComponentProps } from '@tanstack/react-router'
import { ErrorState } from '../ui/index.ts'

/** In place of a screen that failed: the rest of the application goes on. */
export function ScreenFailure({ error, reset }: ErrorComponentProps) {
  return <ErrorState error={error} retry={reset} />
}
