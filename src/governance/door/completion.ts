import { canonicalJson, reportError } from '../../kernel/index.ts'
import type { AtelierError, Digest } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { putBlob } from '../../store/index.ts'
import type { Settlement } from '../budget/index.ts'
import { noCost } from '../budget/index.ts'
import { actAuditEntry } from './admission.ts'
import type { Admitted } from './admission.ts'
import { addActCost, endAttempt, recordedOutput } from './act-records.ts'
import type { ActIdentity } from './act-records.ts'
import { doorErrors } from './errors.ts'
import type { Outcome, Performance } from './performance.ts'
import { redact, redactReport } from './redaction.ts'
import type { DoorServices } from './services.ts'

/** What the second transaction leaves. */
export type Completion =
  | { readonly kind: 'succeeded'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly error: AtelierError }
  /** Another process took over meanwhile and has recorded this output. */
  | { readonly kind: 'recorded'; readonly outputDigest: Digest }

/**
 * Second transaction: result, settlement and audit record, all or none. A result that comes from anything but the
 * latest attempt is dropped.
 */
export async function complete<O>(
  services: DoorServices,
  tx: Tx,
  identity: ActIdentity,
  admitted: Admitted,
  { outcome, used }: Performance<O>,
): Promise<Completion> {
  const { request } = identity
  const { attempt } = admitted
  const time = new Date(services.clock.now())
  const kept = keep(outcome)
  const outputDigest =
    kept.text === undefined ? undefined : await putBlob(tx, request.tenantId, kept.text, 'application/json')
  const error = kept.error && redactReport(reportError(kept.error))
  const ours = await endAttempt(tx, request, attempt, {
    state: outputDigest === undefined ? 'failed' : 'succeeded',
    outputDigest,
    error,
    redactions: kept.redactions,
    recovered: outcome.kind === 'succeeded' && outcome.recovered,
    time,
  })
  if (!ours) {
    const recorded = await recordedOutput(tx, request.tenantId, request.key)
    return recorded === undefined
      ? { kind: 'failed', error: doorErrors.TAKEN_OVER({ detail: request.key }) }
      : { kind: 'recorded', outputDigest: recorded }
  }
  const settlement = await settle(services, tx, identity, admitted, { outcome, used })
  await addActCost(tx, request, settlement.charged)
  const entry = actAuditEntry(identity, admitted.judgement)
  await services.audit.append(tx, {
    ...entry,
    outcome: kept.error === undefined ? 'succeeded' : 'failed',
    digests: { ...entry.digests, ...(outputDigest && { output: outputDigest }) },
    detail: {
      attempt,
      cost: settlement.charged,
      ...(Object.values(settlement.overrun).some((amount) => amount > 0) && { overrun: settlement.overrun }),
      ...(kept.redactions.length > 0 && { redactions: kept.redactions }),
      ...(outcome.kind === 'succeeded' && outcome.recovered && { recovered: true }),
      ...(outcome.kind === 'failed' && outcome.undeclared && { undeclared: true }),
      ...(error && { code: error.code, message: error.message }),
    },
  })
  return kept.error === undefined
    ? { kind: 'succeeded', output: kept.text === undefined ? null : JSON.parse(kept.text) }
    : { kind: 'failed', error: kept.error }
}

interface Kept {
  /** Canonical JSON of the output without secrets; undefined for a failure. */
  readonly text: string | undefined
  readonly redactions: readonly string[]
  readonly error: AtelierError | undefined
}

/** What of an outcome is stored, and what the caller gets: the same now and when it is asked for again. */
function keep<O>(outcome: Outcome<O>): Kept {
  if (outcome.kind === 'failed') return { text: undefined, redactions: [], error: outcome.error }
  try {
    const { value, rules } = redact(outcome.output)
    return { text: canonicalJson(value ?? null), redactions: rules, error: undefined }
  } catch (cause) {
    const error = doorErrors.OUTPUT_INVALID({ detail: 'it cannot be written as JSON', cause })
    return { text: undefined, redactions: [], error }
  }
}

async function settle<O>(
  { ledger }: DoorServices,
  tx: Tx,
  { request }: ActIdentity,
  { attempt, reserved }: Admitted,
  { outcome, used }: Performance<O>,
): Promise<Settlement> {
  if (reserved === undefined) return { charged: noCost, overrun: noCost }
  const reason = outcome.kind === 'succeeded' ? 'performed' : 'failed'
  return ledger.settle(tx, { actKey: request.key, attempt }, used, reason)
}
