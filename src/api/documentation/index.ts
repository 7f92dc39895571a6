export { createDocumentation } from './documentation.ts'
export type { Documentation, DocumentationAnswer } from './documentation.ts'
export type { CommandDescription } from './command-reference.ts'
