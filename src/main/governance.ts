import path from 'node:path'
import type { StudioServices } from '../api/index.ts'
import { approvalMigrations, createApprovals } from '../governance/approvals/index.ts'
import {
  auditMigrations,
  createAuditLog,
  createCheckpointFile,
  openSigningKey,
} from '../governance/audit/index.ts'
import { budgetMigrations, createLedger, verifyLedger } from '../governance/budget/index.ts'
import { createDoor, type Door, doorMigrations } from '../governance/door/index.ts'
import { identityMigrations, seedIdentities } from '../governance/identity/index.ts'
import { loadPolicies } from '../governance/policy/index.ts'
import type { Clock } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'
import type { Configuration } from './configuration.ts'

export const governanceMigrations = [
  ...identityMigrations,
  ...auditMigrations,
  ...budgetMigrations,
  ...approvalMigrations,
  ...doorMigrations,
]

export type Governance = Pick<
  StudioServices,
  'policy' | 'audit' | 'approvals' | 'ledger' | 'verifyRecords'
> & {
  readonly door: Door
}

/** The guards that every act passes, and the identities they know. */
export async function createGovernance(
  { packageRoot, dataDirectory }: Configuration,
  database: Database,
  clock: Clock,
): Promise<Governance> {
  await seedIdentities(database)
  const policies = path.join(packageRoot, 'policies')
  const keys = path.join(dataDirectory, 'keys')
  const policy = await loadPolicies({
    schemaFile: path.join(policies, 'schema.cedarschema'),
    folders: [policies],
  })
  const audit = createAuditLog({
    database,
    clock,
    key: await openSigningKey(keys),
    checkpoints: createCheckpointFile(path.join(keys, 'audit-checkpoints.jsonl')),
    osUid: process.getuid?.() ?? null,
  })
  const ledger = createLedger(clock)
  const approvals = createApprovals({ database, policy, audit, clock })
  const door = createDoor({ database, clock, policy, audit, ledger, approvals })
  return {
    policy,
    audit,
    ledger,
    approvals,
    door,
    verifyRecords: async (scope) => {
      const chain = await audit.verify(scope)
      const balance = await database.transaction(scope, (tx) => verifyLedger(tx, scope.tenantId))
      return {
        ok: chain.ok && balance.ok,
        records: chain.records,
        problems: [
          ...chain.problems.map(({ seq, kind, message }) => ({ sequence: seq, kind, message })),
          ...balance.problems.map((message) => ({ sequence: 0, kind: 'ledger', message })),
        ],
      }
    },
  }
}
