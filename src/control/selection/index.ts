export { measureChange } from './change-size.ts'
export type { ChangeSize } from './change-size.ts'
export { rankCandidates } from './rank-candidates.ts'
export type { AssessedCandidate, Ranking } from './rank-candidates.ts'
