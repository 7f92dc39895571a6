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
