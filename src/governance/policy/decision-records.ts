import type { RunId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { storable } from '../audit/index.ts'
import type { PolicyDecision } from './policy-set.ts'
import { nameResource } from './request.ts'
import type { PolicyRequest } from './request.ts'

/** Records what the policies were asked and what they said. */
export async function recordDecision(
  tx: Tx,
  request: PolicyRequest,
  decision: PolicyDecision,
  about: { readonly runId: RunId | null; readonly actKey: string | null; readonly time: Date },
): Promise<number> {
  const { id } = await tx
    .insertInto('decisions')
    .values({
      tenant_id: request.principal.tenantId,
      run_id: about.runId,
      act_key: about.actKey,
      principal_id: request.principal.id,
      action: request.action,
      resource: nameResource(request.resource),
      request: JSON.stringify(storable(request)),
      decision: decision.decision,
      policies: [...decision.policies],
      policy_set: decision.policySet,
      input_digest: decision.input,
      errors: [...decision.errors],
      decided_at: about.time,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}
