export type { CliContext, Diagnosis, GlobalOptions } from './context.ts'
export { buildProgram } from './program.ts'
export { runCommandLine } from './run.ts'
export type { Terminal } from './terminal.ts'
