import type { WorkflowDefinition } from '../../contracts/index.ts'
import { workflowDefinitionSchema } from '../../contracts/index.ts'
import type { Digest, RunId, TenantId } from '../../kernel/index.ts'
import { getBlob } from '../../store/index.ts'
import type { Tx } from '../../store/index.ts'
import { workflowErrors } from './errors.ts'

/** The definition that a run was started with. @throws ATL_WORKFLOWS_UNKNOWN */
export async function definitionOfRun(tx: Tx, tenantId: TenantId, runId: RunId): Promise<WorkflowDefinition> {
  const run = await tx
    .selectFrom('runs')
    .select('definition_digest')
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    .executeTakeFirst()
  const blob = run && (await getBlob(tx, tenantId, run.definition_digest as Digest))
  if (blob === undefined) throw workflowErrors.UNKNOWN({ detail: `of run ${runId}` })
  return workflowDefinitionSchema.parse(JSON.parse(Buffer.from(blob.content).toString()))
}
