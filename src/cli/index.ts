export type {
  BackupSummary,
  CliContext,
  Diagnosis,
  GlobalOptions,
  RunningStudio,
  ServeSettings,
} from './context.ts'
export { buildProgram } from './program.ts'
export { runCommandLine } from './run.ts'
