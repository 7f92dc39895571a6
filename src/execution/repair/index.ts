export { repair } from './repair.ts'

export { openValidation, validationErrors } from './validation/index.ts'

export type { Candidate, RepairOutcome, RepairProgress, SourceFile, Suspect } from './model.ts'
