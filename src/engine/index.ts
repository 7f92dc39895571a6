export { readDefinition } from './definition.ts'
export { createEngine } from './engine.ts'
export { engineMigrations } from './migrations.ts'
export type { Plan, PlannedStep } from './plan.ts'
export type {
  DefinitionState,
  Engine,
  EngineOptions,
  ExecutedKind,
  JsonObject,
  JsonValue,
  LaunchOptions,
  ListRuns,
  Page,
  RunEvent,
  RunRecord,
  SavedDefinition,
  ShutdownOptions,
  StartRun,
  StepExecutor,
  StepInvocation,
  StepOutcome,
  StepRecord,
  TenantScope,
  WatchOptions,
} from './ports.ts'
export { definitionErrors, engineErrors } from './errors.ts'
