export type { CliContext, Diagnosis } from './context.ts'
export { buildProgram } from './program.ts'
export { runCommandLine } from './run.ts'
