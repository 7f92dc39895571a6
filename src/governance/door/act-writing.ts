import type { AtelierError, Digest, TenantId } from '../../kernel/index.ts'
import { canonicalJson, digestOf, reportError } from '../../kernel/index.ts'
import type { Pipeline } from '../../store/index.ts'
import { storable } from '../audit/index.ts'
import type { AuditEntry } from '../audit/index.ts'
import { exhausted, reservationRow, settlementRow } from '../budget/index.ts'
import type { Refusal } from '../budget/index.ts'
import { nameResource } from '../policy/index.ts'
import type { ActIdentity, EndedAct, JudgedAct, KeptContent } from './act-stages.ts'
import { isExternal } from './judgement.ts'
import type { Judgement } from './judgement.ts'
import { redact, redactReport, redactText } from './redaction.ts'
import type { ActRequest } from './request.ts'
import type { DoorServices } from './services.ts'
import type { ActState } from './tables.ts'

type Send = Pipeline['send']

/** The value as it is stored. Throws when it cannot be written as JSON. */
export function keepContent(value: unknown): KeptContent {
  const { value: kept, rules } = redact(value)
  const text = canonicalJson(kept ?? null)
  return { text, digest: digestOf(text), redactions: rules }
}

/** What is known of an act that was asked for before. */
export interface StoredAct {
  readonly key: string
  readonly run_id: string
  readonly tool: string
  readonly input_digest: string
  readonly state: ActState
  readonly attempt: number
  readonly output_digest: Digest | null
  /** Code of the error that it was refused or failed with the last time. */
  readonly error_code: string | null
}

export async function readActs(
  send: Send,
  tenantId: TenantId,
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoredAct>> {
  const rows = await send<StoredAct>({
    name: 'door-acts',
    text: `select key, run_id, tool, input_digest, state, attempt, output_digest, error ->> 'code' as error_code from acts
             where tenant_id = $1 and key = any ($2::text[])`,
    values: [tenantId, keys],
  })
  return new Map(rows.map((row) => [row.key, row]))
}

/**
 * Begins acts: reserves, and records decision, input and audit entry of an effect that must not be without one even if
 * nothing of this process survives it. Answers why the ledger refused some; of these nothing is recorded.
 */
export async function beginActs(
  { audit, clock }: DoorServices,
  send: Send,
  acts: readonly JudgedAct[],
): Promise<ReadonlyMap<string, AtelierError>> {
  if (acts.length === 0) return new Map()
  const worstCases = new Map(acts.map(({ identity, reserved }) => [identity.request.key, reserved]))
  const started = acts.filter(({ tool }) => isExternal(tool))
  const rows = await send<Refusal & { readonly act: string }>({
    name: 'door-begin',
    text: 'select * from acts_begin($1, $2, $3, $4, $5, $6)',
    values: [
      JSON.stringify(acts.map(beginningRow)),
      JSON.stringify(
        acts.flatMap(({ identity: { request }, attempt, reserved }) =>
          reserved === undefined
            ? []
            : reservationRow({ ...request, actKey: request.key, attempt }, reserved),
        ),
      ),
      JSON.stringify(acts.flatMap(decisionRow)),
      JSON.stringify(contentRows(acts.map(({ kept }) => kept))),
      JSON.stringify(
        started.map(({ identity, judgement, attempt, look }) => ({
          act_key: identity.request.key,
          record: audit.serialise({
            ...actAuditEntry(identity, judgement),
            outcome: 'started',
            detail: { attempt, approvalId: judgement.approvalId ?? null, look },
          }),
        })),
      ),
      new Date(clock.now()),
    ],
  })
  return new Map(
    rows.flatMap(({ act, ...refusal }) => {
      const worstCase = worstCases.get(act)
      return worstCase === undefined ? [] : [[act, exhausted(refusal, worstCase)] as const]
    }),
  )
}

/** Records why acts were refused. Not waited for: if it fails, so does the transaction. */
export function refuseActs({ audit, clock }: DoorServices, send: Send, acts: readonly JudgedAct[]): void {
  void send({
    name: 'door-refuse',
    text: 'select acts_refuse($1, $2, $3, $4)',
    values: [
      JSON.stringify(
        acts.map(({ identity, refusal }) => ({
          ...actRow(identity),
          principal_id: identity.request.principal.id,
          on_behalf_of: identity.request.principal.onBehalfOf ?? null,
          error: storable(redactReport(reportError(refusal))),
        })),
      ),
      JSON.stringify(acts.flatMap(decisionRow)),
      JSON.stringify(
        acts.map(({ identity, judgement, refusal }) => ({
          act_key: identity.request.key,
          record: audit.serialise({
            ...actAuditEntry(identity, judgement),
            outcome: 'denied',
            detail: { code: refusal?.code, message: redactText(refusal?.message ?? '') },
          }),
        })),
      ),
      new Date(clock.now()),
    ],
  })
}

/**
 * Ends acts: settles, and records result and audit entry. For those that another attempt took over nothing is recorded
 * and the output that the other has left, if it has, is answered.
 */
export async function endActs(
  { audit, clock }: DoorServices,
  send: Send,
  acts: readonly EndedAct[],
): Promise<ReadonlyMap<string, Digest | null>> {
  const rows = await send<{ readonly act: string; readonly recorded: Digest | null }>({
    name: 'door-end',
    text: 'select * from acts_end($1, $2, $3, $4, $5)',
    values: [
      JSON.stringify(acts.map(endingRow)),
      JSON.stringify(
        acts.flatMap(({ identity: { request }, admitted: { attempt, reserved }, used, error }) =>
          reserved === undefined
            ? []
            : settlementRow(
                { actKey: request.key, attempt },
                used,
                error === undefined ? 'performed' : 'failed',
              ),
        ),
      ),
      JSON.stringify(contentRows(acts.flatMap(({ output }) => output ?? []))),
      JSON.stringify(
        acts.map((act) => ({ act_key: act.identity.request.key, record: audit.serialise(endingEntry(act)) })),
      ),
      new Date(clock.now()),
    ],
  })
  return new Map(rows.map(({ act, recorded }) => [act, recorded]))
}

export function actRow({ request, tool, effect, inputDigest, traceId }: ActIdentity) {
  return {
    key: request.key,
    run_id: request.runId,
    project_id: request.projectId,
    step_id: request.stepId,
    tool,
    effect,
    resource: request.resource,
    input_digest: inputDigest,
    trace_id: traceId,
  }
}

function beginningRow({ identity, attempt, judgement, kept }: JudgedAct) {
  return {
    ...actRow(identity),
    principal_id: judgement.actor.id,
    on_behalf_of: judgement.actor.onBehalfOf ?? null,
    attempt,
    input_blob: kept.digest,
    approval_id: judgement.approvalId ?? null,
    redactions: kept.redactions,
  }
}

function endingRow({ identity, admitted, output, error, recovered }: EndedAct) {
  return {
    key: identity.request.key,
    attempt: admitted.attempt,
    state: error === undefined ? 'succeeded' : 'failed',
    output_digest: output?.digest ?? null,
    error: error === undefined ? null : storable(redactReport(reportError(error))),
    redactions: output?.redactions ?? [],
    recovered,
  }
}

/** Contents once each. */
export function contentRows(contents: readonly KeptContent[]) {
  const texts = new Map(contents.map(({ digest, text }) => [digest, text]))
  return [...texts].map(([digest, content]) => ({ digest, content }))
}

/** The decision about an act; nothing when it did not come to that. */
function decisionRow({
  identity: { request },
  judgement,
}: {
  readonly identity: Pick<ActIdentity, 'request'>
  readonly judgement: Judgement
}) {
  return decisionOf(request, judgement).map((row) => ({ act_key: request.key, ...row }))
}

/** What the policies were asked and what they said, whatever acts it is about. */
export function decisionOf({ runId }: Pick<ActRequest, 'runId'>, { decided }: Pick<Judgement, 'decided'>) {
  if (decided === undefined) return []
  const { question, answer } = decided
  return [
    {
      run_id: runId,
      principal_id: question.principal.id,
      action: question.action,
      resource: nameResource(question.resource),
      request: storable(question),
      decision: answer.decision,
      policies: answer.policies,
      policy_set: answer.policySet,
      input_digest: answer.input,
      errors: answer.errors,
    },
  ]
}

/** The part of an audit record that all records of an act have in common. */
export function actAuditEntry(
  { request, tool, inputDigest }: Pick<ActIdentity, 'request' | 'tool'> & { readonly inputDigest?: Digest },
  { actor, decided }: Pick<Judgement, 'actor' | 'decided'>,
): Omit<AuditEntry, 'outcome' | 'detail'> {
  return {
    tenantId: request.tenantId,
    principalId: actor.id,
    onBehalfOf: actor.onBehalfOf ?? null,
    action: `tool:${tool}`,
    resource: request.resource,
    policies: decided?.answer.policies ?? [],
    policySet: decided?.answer.policySet ?? null,
    digests: {
      ...(inputDigest !== undefined && { input: inputDigest }),
      ...(decided && { request: decided.answer.input }),
    },
    runId: request.runId,
    actKey: request.key,
  }
}

export function endingEntry({
  identity,
  admitted,
  output,
  error,
  used,
  recovered,
  undeclared,
}: EndedAct): AuditEntry {
  const { attempt, judgement, reserved } = admitted
  const entry = actAuditEntry(identity, judgement)
  const report = error && redactReport(reportError(error))
  // Beyond the reservation the ledger charges only what there is room for; its entry says how much that was.
  const exceeds = reserved !== undefined && costExceeds(used, reserved)
  return {
    ...entry,
    outcome: error === undefined ? 'succeeded' : 'failed',
    digests: { ...entry.digests, ...(output && { output: output.digest }) },
    detail: {
      attempt,
      cost: used,
      ...(exceeds && { reserved }),
      ...(output && output.redactions.length > 0 && { redactions: output.redactions }),
      ...(recovered && { recovered }),
      ...(undeclared && { undeclared }),
      ...(report && { code: report.code, message: report.message }),
    },
  }
}

function costExceeds(used: EndedAct['used'], reserved: EndedAct['used']): boolean {
  return (
    used.money > reserved.money ||
    used.tokens > reserved.tokens ||
    used.toolCalls > reserved.toolCalls ||
    used.seconds > reserved.seconds
  )
}
