import type { Cost, EffectClass } from '../../contracts/index.ts'
import type { Digest, ErrorReport, PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { getBlob } from '../../store/index.ts'
import { storable } from '../audit/index.ts'
import type { PolicyDecision, PolicyRequest } from '../policy/index.ts'
import { nameResource } from '../policy/index.ts'
import type { ActState } from './tables.ts'

/** An act as it is recorded, for evidence and for people. */
export interface ActRecord {
  readonly key: string
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly runId: RunId
  readonly stepId: string
  readonly tool: string
  readonly effect: EffectClass
  readonly principalId: PrincipalId
  readonly onBehalfOf: PrincipalId | null
  readonly resource: string
  readonly state: ActState
  readonly attempt: number
  readonly inputDigest: Digest
  readonly inputBlob: Digest | null
  readonly outputDigest: Digest | null
  readonly error: ErrorReport | null
  readonly decisionId: number | null
  readonly approvalId: string | null
  readonly redactions: readonly string[]
  readonly recovered: boolean
  readonly cost: Cost
  readonly traceId: string
  readonly startedAt: Date | null
  readonly endedAt: Date | null
}

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

/** What an act that succeeded has left, by its key; undefined while there is nothing. */
export async function outputOfAct(
  tx: Tx,
  tenantId: TenantId,
  key: string,
): Promise<
  { readonly tool: string; readonly principalId: PrincipalId; readonly output: unknown } | undefined
> {
  const row = await tx
    .selectFrom('acts')
    .select(['tool', 'principal_id', 'output_digest'])
    .where('tenant_id', '=', tenantId)
    .where('key', '=', key)
    .where('state', '=', 'succeeded')
    .executeTakeFirst()
  if (row?.output_digest == null) return undefined
  const blob = await getBlob(tx, tenantId, row.output_digest as Digest)
  if (blob === undefined) return undefined
  const output: unknown = JSON.parse(Buffer.from(blob.content).toString())
  return { tool: row.tool, principalId: row.principal_id as PrincipalId, output }
}

/** The acts of a run, in the order in which they were first requested. */
export async function actsOfRun(tx: Tx, tenantId: TenantId, runId: RunId): Promise<readonly ActRecord[]> {
  const rows = await tx
    .selectFrom('acts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    .orderBy('created_at')
    .orderBy('key')
    .execute()
  return rows.map((row) => ({
    key: row.key,
    tenantId: row.tenant_id as TenantId,
    projectId: row.project_id as ProjectId,
    runId: row.run_id as RunId,
    stepId: row.step_id,
    tool: row.tool,
    effect: row.effect,
    principalId: row.principal_id as PrincipalId,
    onBehalfOf: row.on_behalf_of as PrincipalId | null,
    resource: row.resource,
    state: row.state,
    attempt: row.attempt,
    inputDigest: row.input_digest as Digest,
    inputBlob: row.input_blob as Digest | null,
    outputDigest: row.output_digest as Digest | null,
    error: row.error,
    decisionId: row.decision_id,
    approvalId: row.approval_id,
    redactions: row.redactions,
    recovered: row.recovered,
    cost: { money: row.money, tokens: row.tokens, toolCalls: row.tool_calls, seconds: row.seconds },
    traceId: row.trace_id,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }))
}
