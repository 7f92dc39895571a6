export { measureChange } from './change-size.ts'
export { rankCandidates } from './rank-candidates.ts'
export type { AssessedCandidate } from './rank-candidates.ts'
