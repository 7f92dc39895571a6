import type { RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { lineageOf, readMandate } from '../identity/index.ts'

/**
 * The authors of a run's change: whoever asked for it, everybody who acted in the run, and everybody they act for, by
 * what they said at the time and by registration. Whoever only read is counted too: reading shapes a change, and one
 * approver too many refused is safer than one too few.
 */
export async function authorLineage(tx: Tx, tenantId: TenantId, runId: RunId): Promise<ReadonlySet<string>> {
  const { requester } = await readMandate(tx, tenantId, runId)
  const actors = await tx
    .selectFrom('acts')
    .select(['principal_id', 'on_behalf_of'])
    .distinct()
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    // Attempts that were refused made nobody an author.
    .where('attempt', '>', 0)
    .execute()
  const authors = actors.flatMap(({ principal_id, on_behalf_of }) =>
    on_behalf_of === null ? [principal_id] : [principal_id, on_behalf_of],
  )
  return lineageOf(tx, tenantId, [requester, ...authors])
}
