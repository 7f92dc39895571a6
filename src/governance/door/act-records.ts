import { sql } from 'kysely'
import type { Selectable } from 'kysely'
import type { Cost, EffectClass, Principal } from '../../contracts/index.ts'
import type { Digest, ErrorReport, PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { storable } from '../audit/index.ts'
import type { PolicyDecision, PolicyRequest } from '../policy/index.ts'
import { nameResource } from '../policy/index.ts'
import type { ActRequest } from './request.ts'
import type { ActsTable, ActState } from './tables.ts'

type ActRow = Selectable<ActsTable>

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

export interface ActIdentity {
  readonly request: ActRequest
  readonly tool: string
  readonly effect: EffectClass
  readonly inputDigest: Digest
  readonly traceId: string
}

/** Inserts the act, or answers the one with this key that is there; locks it until the end of the transaction. */
export async function claimAct(
  tx: Tx,
  { request, tool, effect, inputDigest, traceId }: ActIdentity,
): Promise<ActRow> {
  return tx
    .insertInto('acts')
    .values({
      tenant_id: request.tenantId,
      key: request.key,
      run_id: request.runId,
      project_id: request.projectId,
      step_id: request.stepId,
      tool,
      effect,
      principal_id: request.principal.id,
      on_behalf_of: request.principal.onBehalfOf ?? null,
      resource: request.resource,
      state: 'requested',
      attempt: 0,
      input_digest: inputDigest,
      redactions: [],
      recovered: false,
      money: 0,
      tokens: 0,
      tool_calls: 0,
      seconds: 0,
      trace_id: traceId,
    })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'key']).doUpdateSet({ key: (eb) => eb.ref('excluded.key') }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
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

/** Marks the act as begun. From here on only results of this attempt count. */
export async function beginAttempt(
  tx: Tx,
  { request, inputDigest, traceId }: ActIdentity,
  begin: {
    readonly attempt: number
    readonly actor: Principal
    readonly inputBlob: Digest
    readonly decisionId: number | undefined
    readonly approvalId: string | undefined
    readonly redactions: readonly string[]
    readonly time: Date
  },
): Promise<void> {
  await tx
    .updateTable('acts')
    .set({
      state: 'performing',
      attempt: begin.attempt,
      principal_id: begin.actor.id,
      on_behalf_of: begin.actor.onBehalfOf ?? null,
      input_digest: inputDigest,
      input_blob: begin.inputBlob,
      ...(begin.decisionId !== undefined && { decision_id: begin.decisionId }),
      ...(begin.approvalId !== undefined && { approval_id: begin.approvalId }),
      redactions: [...begin.redactions],
      trace_id: traceId,
      error: null,
      started_at: begin.time,
      ended_at: null,
    })
    .where('tenant_id', '=', request.tenantId)
    .where('key', '=', request.key)
    .execute()
}

/** Keeps why an act was refused. One that was begun before stays what it was: what it did is not undone by that. */
export async function recordRefusal(
  tx: Tx,
  { request }: ActIdentity,
  error: ErrorReport,
  decisionId: number | undefined,
  time: Date,
): Promise<void> {
  await tx
    .updateTable('acts')
    .set({
      state: sql<ActState>`case when attempt = 0 then 'refused' else state end`,
      error: JSON.stringify(storable(error)),
      ...(decisionId !== undefined && { decision_id: decisionId }),
      ended_at: time,
    })
    .where('tenant_id', '=', request.tenantId)
    .where('key', '=', request.key)
    .execute()
}

export interface AttemptEnd {
  readonly state: 'succeeded' | 'failed'
  readonly outputDigest: Digest | undefined
  readonly error: ErrorReport | undefined
  readonly redactions: readonly string[]
  readonly recovered: boolean
  readonly time: Date
}

/** Records how an attempt ended, unless another one took over: then nothing is changed and the answer is false. */
export async function endAttempt(
  tx: Tx,
  request: ActRequest,
  attempt: number,
  end: AttemptEnd,
): Promise<boolean> {
  const ended = await tx
    .updateTable('acts')
    .set((eb) => ({
      state: end.state,
      output_digest: end.outputDigest ?? null,
      error: end.error === undefined ? null : JSON.stringify(storable(end.error)),
      redactions: sql<
        string[]
      >`array(select distinct unnest(${eb.ref('redactions')} || ${[...end.redactions]}::text[]) order by 1)`,
      recovered: end.recovered,
      ended_at: end.time,
    }))
    .where('tenant_id', '=', request.tenantId)
    .where('key', '=', request.key)
    .where('attempt', '=', attempt)
    .where('state', '=', 'performing')
    .returning('key')
    .executeTakeFirst()
  return ended !== undefined
}

/** Adds what an attempt was charged. */
export async function addActCost(tx: Tx, request: ActRequest, cost: Cost): Promise<void> {
  await tx
    .updateTable('acts')
    .set((eb) => ({
      money: eb('money', '+', cost.money),
      tokens: eb('tokens', '+', cost.tokens),
      tool_calls: eb('tool_calls', '+', cost.toolCalls),
      seconds: eb('seconds', '+', cost.seconds),
    }))
    .where('tenant_id', '=', request.tenantId)
    .where('key', '=', request.key)
    .execute()
}

/** Digest of the recorded output, if the act succeeded. */
export async function recordedOutput(tx: Tx, tenantId: TenantId, key: string): Promise<Digest | undefined> {
  const row = await tx
    .selectFrom('acts')
    .select('output_digest')
    .where('tenant_id', '=', tenantId)
    .where('key', '=', key)
    .where('state', '=', 'succeeded')
    .executeTakeFirst()
  return (row?.output_digest as Digest | null | undefined) ?? undefined
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
