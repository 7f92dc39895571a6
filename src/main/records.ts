import path from 'node:path'
import type { AuditReport, StudioServices } from '../api/index.ts'
import type { Engine } from '../engine/index.ts'
import { openSigningKey, type TenantScope } from '../governance/audit/index.ts'
import { engineStory, exportEvidence } from '../governance/evidence/index.ts'
import { type AuditLog, type Governance, verifyLedger } from '../governance/index.ts'
import type { Clock } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'
import type { Configuration } from './configuration.ts'

export interface RecordSources {
  readonly configuration: Configuration
  readonly database: Database
  readonly governance: Governance
  readonly clock: Clock
}

/** How the records of the studio are exported and verified. */
export async function createRecords(
  { configuration, database, governance, clock }: RecordSources,
  engine: Engine,
): Promise<Pick<StudioServices, 'exportEvidence' | 'verifyRecords'>> {
  const { audit, approvals } = governance
  const key = await openSigningKey(path.join(configuration.dataDirectory, 'keys'))
  const environment = { node: process.version, platform: process.platform, sandbox: configuration.sandbox }
  const story = engineStory(engine, database)
  return {
    exportEvidence: (scope, runId) =>
      exportEvidence({ database, clock, audit, approvals, key, story, environment }, scope, runId),
    verifyRecords: (scope) => verifyRecords({ audit, database }, scope),
  }
}

/** Follows a tenant's audit chain from its first record to its last, and its ledger. */
export async function verifyRecords(
  { audit, database }: { readonly audit: AuditLog; readonly database: Database },
  scope: TenantScope,
): Promise<AuditReport> {
  const chain = await audit.verify(scope)
  const ledger = await database.transaction(scope, (tx) => verifyLedger(tx, scope.tenantId))
  return {
    ok: chain.ok && ledger.ok,
    records: chain.records,
    problems: [
      ...chain.problems.map(({ seq, kind, message }) => ({ sequence: seq, kind, message })),
      ...ledger.problems.map((message) => ({ sequence: 0, kind: 'ledger', message })),
    ],
  }
}
