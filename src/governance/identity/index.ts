export { authenticate, authenticateAmong, lineageOf, readPrincipals } from './authentication.ts'
export type { KnownPrincipals } from './authentication.ts'
export { mandateErrors } from './errors.ts'
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
export { findPrincipal, registerPrincipal, seededIdentities, seedIdentities } from './registration.ts'
export { distrustRepository, isTrustedRepository, trustRepository } from './repository-trust.ts'
export { issueTaskKey, revokeTaskKeys } from './task-keys.ts'
export type { IssuedTaskKey, TaskKeyRequest } from './task-keys.ts'
export { createTaskKeyAuthenticator } from './task-key-authentication.ts'
export type { RefusedKey, TaskKeyAuthenticator, TaskKeyGrant } from './task-key-authentication.ts'
