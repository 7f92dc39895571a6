import { sql } from 'kysely'
import type { TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'

/** Runs of a project whose change was approved since then, by what was decided about them last. */
export async function countAccepted(
  tx: Tx,
  tenantId: TenantId,
  { projectId, since }: { readonly projectId: string; readonly since: Date },
): Promise<number> {
  const { rows } = await sql<{ accepted: number }>`
    select count(*) as accepted from (
      select distinct on (run_id) status from approval_requests
      where tenant_id = ${tenantId} and project_id = ${projectId} and decided_at >= ${since}
      order by run_id, requested_at desc
    ) latest where status = 'approved'`.execute(tx)
  return rows[0]?.accepted ?? 0
}
