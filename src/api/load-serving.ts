import type * as serving from './serving.ts'

/** What serves the studio to others. It is loaded when it is asked for: a command that serves nobody starts sooner. */
export function loadServing(): Promise<typeof serving> {
  return import('./serving.ts')
}
