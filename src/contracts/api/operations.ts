import { getMe } from './me.ts'
import { cancelRun, getRun, listRuns, resumeRun, watchRun } from './runs.ts'
import { submitWorkItem } from './work-items.ts'

/** Every operation of the API, by its id. */
export const operations = {
  getMe,
  submitWorkItem,
  listRuns,
  getRun,
  watchRun,
  cancelRun,
  resumeRun,
} as const

export type Operations = typeof operations
