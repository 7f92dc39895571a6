export { indexCommit } from './index-commit.ts'
export type { IndexReport } from './index-commit.ts'
export { parseBare } from './parse-bare.ts'
export { historyLimit } from './past-commits.ts'
