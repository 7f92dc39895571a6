export { generate } from './generate.ts'
export type { CandidatePool, GenerationOptions } from './generate.ts'
export { templates } from './registry.ts'
export type { FileContext, Proposal, Template } from './template.ts'
