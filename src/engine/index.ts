export { readDefinition } from './definition.ts'
export { createEngine } from './engine.ts'
export { durableLibrary } from './durable-functions.ts'
export { engineErrors } from './errors.ts'
export { forgetTickets, isAtWork } from './forget-tenant.ts'
export { engineMigrations } from './migrations.ts'

export type {
  Engine,
  JsonObject,
  JsonValue,
  RunEvent,
  RunRecord,
  StepExecutor,
  StepInvocation,
  StepOutcome,
  StepRecord,
  TenantScope,
} from './ports.ts'
