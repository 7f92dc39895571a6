export { authenticate, lineageOf } from './authentication.ts'
export { mandateErrors } from './errors.ts'
export { openMandate, readMandate, setMandateState } from './mandates.ts'
export type { Mandate } from './mandates.ts'
export { identityMigrations } from './migrations.ts'
export { findPrincipal, registerPrincipal, seededIdentities, seedIdentities } from './registration.ts'

export { distrustRepository, isTrustedRepository, trustRepository } from './repository-trust.ts'
