export { createAuditLog } from './audit-log.ts'
export type { AuditEntry, AuditLog, TenantScope } from './audit-log.ts'
export { ChainVerifier } from './chain.ts'

export { createCheckpointFile } from './checkpoint-file.ts'

export { checkpointSchema, verifyCheckpoints } from './checkpoint.ts'

export { verifyAuditExport } from './export.ts'
export { auditMigrations, pinSearchPath } from './migrations.ts'
export { storable } from './record.ts'
export type { AuditRecord } from './record.ts'
export { openSigningKey, trustedKeys } from './signing-key.ts'
export type { SigningKey, TrustedKeys } from './signing-key.ts'
export type { ChainProof } from './run-proof.ts'
export { tenantScope } from './tenant-scope.ts'
export type { TenantScope } from './tenant-scope.ts'
