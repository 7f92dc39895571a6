import type { Selectable } from 'kysely'
import type { Digest, PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Tables, Tx } from '../../store/index.ts'
import type { ApprovalRequest, ApprovalStatus } from './subject.ts'

/** Reads a request with its decisions; locks it until the end of the transaction. */
export async function lockRequest(
  tx: Tx,
  tenantId: TenantId,
  id: string,
): Promise<ApprovalRequest | undefined> {
  const row = await tx
    .selectFrom('approval_requests')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) return undefined
  const [request] = await withDecisions(tx, tenantId, [row])
  return request
}

/** All requests of runs, oldest first. */
export async function requestsOfRuns(
  tx: Tx,
  tenantId: TenantId,
  runIds: readonly RunId[],
): Promise<readonly ApprovalRequest[]> {
  if (runIds.length === 0) return []
  const rows = await tx
    .selectFrom('approval_requests')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('run_id', 'in', runIds)
    .orderBy('requested_at')
    .orderBy('id')
    .execute()
  return withDecisions(tx, tenantId, rows)
}

/** Those of the requests that there are, in no order. */
export async function requestsWithIds(
  tx: Tx,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<readonly ApprovalRequest[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom('approval_requests')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', 'in', ids)
    .execute()
  return withDecisions(tx, tenantId, rows)
}

export async function setStatus(
  tx: Tx,
  request: Pick<ApprovalRequest, 'tenantId' | 'id'>,
  status: ApprovalStatus,
  reason: string,
  decidedAt: Date,
): Promise<void> {
  await tx
    .updateTable('approval_requests')
    .set({ status, status_reason: reason, decided_at: decidedAt })
    .where('tenant_id', '=', request.tenantId)
    .where('id', '=', request.id)
    .execute()
}

async function withDecisions(
  tx: Tx,
  tenantId: TenantId,
  rows: readonly Selectable<Tables['approval_requests']>[],
): Promise<readonly ApprovalRequest[]> {
  if (rows.length === 0) return []
  const found = await tx
    .selectFrom('approval_decisions')
    .select(['request_id', 'principal_id', 'verdict', 'reason', 'decided_at'])
    .where('tenant_id', '=', tenantId)
    .where(
      'request_id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('decided_at')
    .orderBy('principal_id')
    .execute()
  const decisions = Map.groupBy(found, (decision) => decision.request_id)
  return rows.map((row) => ({
    id: row.id,
    tenantId,
    runId: row.run_id as RunId,
    projectId: row.project_id as ProjectId,
    stepId: row.step_id,
    subject: row.subject,
    subjectDigest: row.subject_digest as Digest,
    question: row.question,
    needed: row.needed,
    requestedBy: row.principal_id as PrincipalId,
    status: row.status,
    statusReason: row.status_reason,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    decisions: (decisions.get(row.id) ?? []).map((decision) => ({
      principalId: decision.principal_id as PrincipalId,
      verdict: decision.verdict,
      reason: decision.reason,
      decidedAt: decision.decided_at,
    })),
  }))
}
