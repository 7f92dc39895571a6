export { createTestDatabase } from './database.ts'
export type { TenantScope, TestDatabase } from './database.ts'

export {
  createGovernedStudio,
  createWorld,
  echoTool,
  free,
  movableClock,
  policyLocations,
  publishTool,
} from './governed-studio.ts'
export type { GovernedStudio } from './governed-studio.ts'
export { toolContextOf } from './tool-context.ts'
export { scriptedModel } from './scripted-model.ts'
export type { ScriptedAnswer, ScriptedModel, ScriptedTurn } from './scripted-model.ts'
export { modelFaults, shippedScenarios, startModelServer } from './model-server/index.ts'
export type {
  FaultName,
  FaultProbabilities,
  LoggedRequest,
  ModelServer,
  ModelServerOptions,
  RequestLog,
  RequestOutcome,
  ScenarioSource,
} from './model-server/index.ts'
export { ScratchWorkbench } from './scratch-workbench.ts'

export { startIdentityProvider } from './identity-provider.ts'
export type { IdentityProvider } from './identity-provider.ts'
export { createPlainBrowser } from './plain-browser.ts'
export type { PlainBrowser } from './plain-browser.ts'
