export { createGovernance, governanceMigrations } from './governance.ts'
export type { Governance, GovernanceOptions } from './governance.ts'
export type { ActRequest, Administration } from './door/index.ts'

export { digestOfSubject } from './approvals/index.ts'
export type { Approvals } from './approvals/index.ts'
export { tenantScope } from './audit/index.ts'

export { verifyLedger } from './budget/index.ts'
export type { Ledger, Limits } from './budget/index.ts'
export { findPrincipal, registerPrincipal, seededIdentities, seedIdentities } from './identity/index.ts'
