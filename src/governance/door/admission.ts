import type { Cost, Principal, Tool } from '../../contracts/index.ts'
import { AtelierError, canonicalJson, reportError } from '../../kernel/index.ts'
import type { Digest } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { putBlob } from '../../store/index.ts'
import type { AuditEntry } from '../audit/index.ts'
import { budgetErrors } from '../budget/index.ts'
import type { Charge } from '../budget/index.ts'
import { beginAttempt, claimAct, recordDecision, recordRefusal } from './act-records.ts'
import type { ActIdentity } from './act-records.ts'
import { doorErrors } from './errors.ts'
import { isExternal, judge } from './judgement.ts'
import type { Judgement, ParsedInput } from './judgement.ts'
import { redact, redactReport, redactText } from './redaction.ts'
import type { DoorServices } from './services.ts'

/** The answer of the first transaction. */
export type Admission =
  | { readonly kind: 'recorded'; readonly outputDigest: Digest }
  | { readonly kind: 'refused'; readonly error: AtelierError }
  | Admitted

/** An attempt that has begun: it is recorded, and what it may use at most is reserved. */
export interface Admitted {
  readonly kind: 'admitted'
  readonly attempt: number
  readonly actor: Principal
  readonly judgement: Judgement
  readonly inputBlob: Digest
  /** Undefined when nothing may be performed, see `refusal`. */
  readonly reserved: Cost | undefined
  /** An earlier attempt of an external effect may have succeeded without anybody knowing: look before leaping. */
  readonly look: boolean
  /** Only looking is allowed; if the effect did not happen, this is why it may not be performed. */
  readonly refusal: AtelierError | undefined
}

/**
 * First transaction: claims the act, judges it, reserves what it may use, and records all of it, also a refusal. When
 * it is committed, whatever happens next is on record.
 */
export async function admit<I>(
  services: DoorServices,
  tx: Tx,
  tool: Tool<I>,
  identity: ActIdentity,
  input: ParsedInput<I>,
): Promise<Admission> {
  const { request } = identity
  const row = await claimAct(tx, identity)
  const reused = describeReuse(row, identity, tool)
  if (reused !== undefined) return { kind: 'refused', error: reused }
  if (row.state === 'succeeded' && row.output_digest !== null) {
    return { kind: 'recorded', outputDigest: row.output_digest as Digest }
  }
  const attempt = row.attempt + 1
  if (row.attempt > 0) {
    await services.ledger.settleEarlierAttempts(tx, request.tenantId, request.key, attempt)
  }
  const time = new Date(services.clock.now())
  const judgement = await judge(services, tx, tool, request, input)
  const { decided } = judgement
  const decisionId =
    decided &&
    (await recordDecision(tx, decided.question, decided.answer, {
      runId: request.runId,
      actKey: request.key,
      time,
    }))
  const reserved = judgement.refusal === undefined ? reservationOf(tool) : undefined
  const refusal =
    judgement.refusal ?? (reserved && (await reserve(services, tx, chargeOf(identity, attempt), reserved)))
  const look = isExternal(tool) && row.attempt > 0 && input.ok
  if (refusal !== undefined && !look) {
    await recordRefusal(tx, identity, redactReport(reportError(refusal)), decisionId, time)
    await services.audit.append(tx, {
      ...actAuditEntry(identity, judgement),
      outcome: 'denied',
      detail: { code: refusal.code, message: redactText(refusal.message) },
    })
    return { kind: 'refused', error: refusal }
  }
  const { value: kept, rules } = redact(input.ok ? input.value : null)
  const inputBlob = await putBlob(tx, request.tenantId, canonicalJson(kept ?? null), 'application/json')
  const { actor, approvalId } = judgement
  await beginAttempt(tx, identity, {
    attempt,
    actor,
    inputBlob,
    decisionId,
    approvalId,
    redactions: rules,
    time,
  })
  if (isExternal(tool)) {
    // An effect must never be without an audit entry, not even if nothing of this process survives it.
    await services.audit.append(tx, {
      ...actAuditEntry(identity, judgement),
      outcome: 'started',
      detail: { attempt, approvalId: approvalId ?? null, look },
    })
  }
  return {
    kind: 'admitted',
    attempt,
    actor,
    judgement,
    inputBlob,
    reserved: refusal === undefined ? reserved : undefined,
    look,
    refusal,
  }
}

/** A key stands for one act: the same tool in the same run, and the same input once anything came of it. */
function describeReuse(
  row: { run_id: string; tool: string; input_digest: string; state: string; attempt: number },
  { request, inputDigest }: ActIdentity,
  tool: Pick<Tool, 'name' | 'effect'>,
): AtelierError | undefined {
  const sameAct = row.run_id === request.runId && row.tool === tool.name
  const mayDiffer = row.attempt === 0 || (row.state !== 'succeeded' && !isExternal(tool))
  if (sameAct && (mayDiffer || row.input_digest === inputDigest)) return undefined
  const earlier = sameAct ? 'another input' : `${row.tool} in ${row.run_id}`
  return doorErrors.KEY_REUSED({ detail: `${request.key} stands for ${earlier}` })
}

/** A use of a tool is one call at least, whatever the tool says. */
function reservationOf(tool: Pick<Tool, 'worstCase'>): Cost {
  return { ...tool.worstCase, toolCalls: Math.max(1, tool.worstCase.toolCalls) }
}

async function reserve(
  { ledger }: DoorServices,
  tx: Tx,
  charge: Charge,
  amounts: Cost,
): Promise<AtelierError | undefined> {
  try {
    await ledger.reserve(tx, charge, amounts)
    return undefined
  } catch (error) {
    if (error instanceof AtelierError && error.code === budgetErrors.EXHAUSTED.code) return error
    throw error
  }
}

function chargeOf({ request }: ActIdentity, attempt: number): Charge {
  const { tenantId, projectId, runId, stepId, key: actKey } = request
  return { tenantId, projectId, runId, stepId, actKey, attempt }
}

/** The part of an audit record that all records of an act have in common. */
export function actAuditEntry(
  { request, tool, inputDigest }: ActIdentity,
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
    digests: { input: inputDigest, ...(decided && { request: decided.answer.input }) },
    runId: request.runId,
    actKey: request.key,
  }
}
