export { generate } from './generate.ts'
export type { CandidatePool } from './generate.ts'
export { templates } from './registry.ts'
