export { createGovernance, governanceMigrations } from './governance.ts'
export type { Governance, GovernanceOptions } from './governance.ts'
export type { ActRequest, Administration, Door, OpenRun } from './door/index.ts'
export { actsOfRun, doorErrors, redact, redactText } from './door/index.ts'
export { digestOfSubject } from './approvals/index.ts'
export type {
  ApprovalRequest,
  Approvals,
  ApprovalStatus,
  ApprovalSubject,
  ApprovalVerdict,
} from './approvals/index.ts'
export { tenantScope, trustedKeys, verifyAuditExport } from './audit/index.ts'
export type { AuditLog, ChainReport } from './audit/index.ts'
export { noCost, verifyLedger } from './budget/index.ts'
export type { Balance, Ledger, Limits } from './budget/index.ts'
export { findPrincipal, registerPrincipal, seededIdentities, seedIdentities } from './identity/index.ts'
export type { Isolation, PolicyEngine } from './policy/index.ts'
export { readPolicyTests, runPolicyTests } from './policy/index.ts'
