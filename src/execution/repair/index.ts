export { isRepairable } from './languages/index.ts'
export { repair } from './repair.ts'

export { openValidation, validationErrors } from './validation/index.ts'

export type {
  Candidate,
  RankedCandidate,
  RecentChange,
  RepairOutcome,
  RepairProgress,
  SourceFile,
  Suspect,
} from './model.ts'
