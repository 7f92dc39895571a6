export { judgeChange } from './verdict.ts'
export type { VerdictInput } from './verdict.ts'
export { reviewChange } from './review.ts'
export { readChangedFiles } from './changed-file.ts'
export type { ChangedFile } from './changed-file.ts'
export { buildBaseTestTree } from './base-test-tree.ts'

export { reviewTests } from './test-tampering.ts'
