export { createTestDatabase } from './database.ts'
export type { TenantScope, TestDatabase, TestDatabaseOptions } from './database.ts'
export { offerSharedServer } from './shared-server.ts'
export { useSharedServer } from './server-offer.ts'
export type { SharedServer } from './shared-server.ts'
export {
  createGovernedStudio,
  createWorld,
  echoTool,
  free,
  movableClock,
  policyLocations,
  publishTool,
} from './governed-studio.ts'
export type { GovernedStudio, World } from './governed-studio.ts'
