export { isRepairable } from './languages/index.ts'
export { repair } from './repair.ts'

export { openValidation, validationErrors } from './validation/index.ts'

export type { Candidate, RepairOutcome, RepairProgress, SourceFile } from './model.ts'
