export { candidatesFor } from './candidates.ts'
export type { Candidate } from './candidates.ts'
export { completionScripts } from './scripts.ts'
