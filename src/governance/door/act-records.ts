import type { Cost, EffectClass } from '../../contracts/index.ts'
import type { Digest, ErrorReport, PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { getBlob } from '../../store/index.ts'
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
