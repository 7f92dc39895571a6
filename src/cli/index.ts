export type { BackupSummary, CliContext, Diagnosis } from './context.ts'
export { buildProgram } from './program.ts'
export { runCommandLine } from './run.ts'
