import { join } from 'node:path'
import type { Clock, Logger } from '../kernel/index.ts'
import type { Database, Migration } from '../store/index.ts'
import { approvalMigrations, createApprovals } from './approvals/index.ts'
import type { Approvals } from './approvals/index.ts'
import { auditMigrations, createAuditLog, createCheckpointFile, openSigningKey } from './audit/index.ts'
import type { AuditLog } from './audit/index.ts'
import { budgetMigrations, createLedger } from './budget/index.ts'
import type { Ledger } from './budget/index.ts'
import { createAdministration, createDoor, doorMigrations, Standings } from './door/index.ts'
import type { Administration, CircuitBreakerOptions, Door } from './door/index.ts'
import { credentialMigrations } from './credentials/index.ts'
import { identityMigrations } from './identity/index.ts'
import { createOwnPolicies } from './own-policies/index.ts'
import type { OwnPolicies } from './own-policies/index.ts'
import { ownTextMigrations } from './own-texts/index.ts'
import { signInMigrations } from './sign-in/index.ts'
import { tenantMigrations } from './tenants/index.ts'
import { loadPolicies } from './policy/index.ts'
import type { PolicyEngine, PolicyLocations } from './policy/index.ts'

/** All of the plane's migrations, in order. */
export const governanceMigrations: readonly Migration[] = [
  ...auditMigrations,
  ...budgetMigrations,
  ...identityMigrations,
  ...credentialMigrations,
  ...signInMigrations,
  ...approvalMigrations,
  ...doorMigrations,
  ...ownTextMigrations,
  ...tenantMigrations,
]

export interface Governance {
  readonly door: Door
  readonly administration: Administration
  readonly policy: PolicyEngine
  readonly ownPolicies: OwnPolicies
  readonly approvals: Approvals
  readonly ledger: Ledger
  readonly audit: AuditLog
}

export interface GovernanceOptions {
  readonly database: Database
  readonly clock: Clock
  /** Where they lie, or loaded already. */
  readonly policies: PolicyLocations | PolicyEngine
  /** Folder outside of the database for the signing key and the checkpoints of the audit log. */
  readonly directory: string
  /** `process.getuid()`; null where there is none. */
  readonly osUid: number | null
  readonly circuitBreaker?: CircuitBreakerOptions
  readonly graceMs?: number
  readonly logger?: Logger
}

/**
 * Puts the plane together: loads the policies, opens the signing key, and stands the door on both. The database must
 * have {@link governanceMigrations} applied.
 *
 * @throws errors of POLICY, and ATL_AUDIT_KEY_UNREADABLE.
 */
export async function createGovernance(options: GovernanceOptions): Promise<Governance> {
  const { database, clock, directory, osUid, circuitBreaker, graceMs } = options
  const [policy, key] = await Promise.all([
    'decide' in options.policies ? options.policies : loadPolicies(options.policies),
    openSigningKey(join(directory, 'keys')),
  ])
  const checkpoints = createCheckpointFile(join(directory, 'audit-checkpoints.jsonl'))
  const audit = createAuditLog({ database, clock, key, checkpoints, osUid })
  const ledger = createLedger()
  const approvals = createApprovals({ database, policy, audit, clock })
  const services = { database, clock, policy, audit, ledger, approvals }
  const standings = new Standings(services)
  const administration = createAdministration(services, standings)
  const ownPolicies = createOwnPolicies({
    database,
    clock,
    policy,
    administration,
    ...(options.logger && { logger: options.logger }),
  })
  await ownPolicies.refresh()
  return {
    door: createDoor({
      ...services,
      standings,
      ...(circuitBreaker && { circuitBreaker }),
      ...(graceMs !== undefined && { graceMs }),
    }),
    administration,
    policy,
    ownPolicies,
    approvals,
    ledger,
    audit,
  }
}
