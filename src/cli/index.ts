export type {
  BackupSummary,
  CliContext,
  Diagnosis,
  GlobalOptions,
  MoveProgress,
  MoveSummary,
  RunningStudio,
  ServeSettings,
} from './context.ts'
export { describeCommand } from './command-description.ts'
export { buildProgram } from './program.ts'
export { runCommandLine } from './run.ts'
