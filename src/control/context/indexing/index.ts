export { indexCommit } from './index-commit.ts'
export type { IndexReport } from './index-commit.ts'
export { historyLimit } from './past-commits.ts'
