export { authenticate, authenticateAmong, lineageOf, readPrincipals } from './authentication.ts'
export type { KnownPrincipals } from './authentication.ts'
export { identityErrors, mandateErrors, tenantErrors } from './errors.ts'
export {
  mandateAmong,
  openMandate,
  openMandates,
  readMandate,
  readMandates,
  setMandateState,
} from './mandates.ts'
export type { Mandate, StandingMandate } from './mandates.ts'
export { identityMigrations } from './migrations.ts'
export { endedModelUseRuns, modelUseRun, modelUseRunsOf } from './model-use.ts'
export {
  findPrincipal,
  registerPrincipal,
  seededIdentities,
  seedIdentities,
  seedTenant,
} from './registration.ts'
export { distrustRepository, isTrustedRepository, trustRepository } from './repository-trust.ts'
export { assertQuota, readUsage } from './quotas.ts'
export { rolesColumns } from './roles.ts'
export { createSecret, hashOfSecret, hasSecretForm } from './secret-form.ts'
export { issueTaskKey, revokeTaskKeys } from './task-keys.ts'
export type { IssuedTaskKey, TaskKeyRequest } from './task-keys.ts'
export { createTaskKeyAuthenticator } from './task-key-authentication.ts'
export type { RefusedKey, TaskKeyAuthenticator, TaskKeyGrant } from './task-key-authentication.ts'
