export type { CodeContextAnswer, CodePlace, CodeSearchAnswer } from './code-queries.ts'
export { createStudio } from './studio-service.ts'
export type { StudioServices } from './studio-service.ts'
export type { Studio } from './studio.ts'
