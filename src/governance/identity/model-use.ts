import { sql } from 'kysely'
import type { PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'

const dayMs = 86_400_000

/**
 * What a person or service asks of models at the gateway is done in a run that is of no workflow: one for everybody, in
 * each project, on each day (UTC). Its account is their budget of the day, and it ends with the day, so that nothing which a
 * process held when it died stays reserved.
 */
interface ModelUseRun {
  readonly runId: RunId
  readonly endsAt: Date
}

export function modelUseRun(projectId: ProjectId, principalId: PrincipalId, now: number): ModelUseRun {
  const day = Math.floor(now / dayMs)
  const date = new Date(day * dayMs).toISOString().slice(0, 10)
  return { runId: `models:${date}:${projectId}:${principalId}` as RunId, endsAt: new Date((day + 1) * dayMs) }
}

/** Today's runs of somebody in which models were asked, one for each project. */
export async function modelUseRunsOf(
  tx: Tx,
  tenantId: TenantId,
  principalId: PrincipalId,
  now: number,
): Promise<readonly { readonly runId: RunId; readonly projectId: ProjectId }[]> {
  const rows = await tx
    .selectFrom('mandates')
    .select(['run_id', 'project_id'])
    .where('tenant_id', '=', tenantId)
    .where('closed_at', 'is', null)
    .where('ends_at', '>', new Date(now))
    .execute()
  return rows.flatMap(({ run_id, project_id }) => {
    const projectId = project_id as ProjectId
    const { runId } = modelUseRun(projectId, principalId, now)
    return runId === run_id ? [{ runId, projectId }] : []
  })
}

/** Runs in which models were asked and whose day is over, for so long that no call can be under way any more. */
export async function endedModelUseRuns(tx: Tx, tenantId: TenantId): Promise<readonly RunId[]> {
  const rows = await tx
    .selectFrom('mandates')
    .select('run_id')
    .where('tenant_id', '=', tenantId)
    .where('closed_at', 'is', null)
    .where('ends_at', '<', sql<Date>`now() - interval '1 hour'`)
    .limit(100)
    .execute()
  return rows.map((row) => row.run_id as RunId)
}
