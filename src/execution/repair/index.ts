export { validationErrors } from './validation/errors.ts'
export { loadRepair } from './load-repair.ts'

export type {
  Candidate,
  RankedCandidate,
  RecentChange,
  RepairOutcome,
  RepairProgress,
  SourceFile,
  Suspect,
} from './model.ts'
