import type { AtelierError, Digest } from '../../kernel/index.ts'
import { tenantScope } from '../audit/index.ts'
import { noCost } from '../budget/index.ts'
import type { ActIdentity, Admitted, EndedAct } from './act-stages.ts'
import { endActs, keepContent } from './act-writing.ts'
import { doorkeeper } from './admission.ts'
import { doorErrors } from './errors.ts'
import type { Performance } from './performance.ts'
import type { DoorServices } from './services.ts'

/** What the second transaction leaves. */
export type Completion =
  | { readonly kind: 'succeeded'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly error: AtelierError }
  /** Another process took over meanwhile and has recorded this output. */
  | { readonly kind: 'recorded'; readonly outputDigest: Digest }

/** What is to be recorded of how an attempt went. */
export function endOf<O>(
  identity: ActIdentity,
  admitted: Admitted,
  { outcome, used }: Performance<O>,
): EndedAct {
  const ended = { identity, admitted, used: admitted.reserved === undefined ? noCost : used }
  if (outcome.kind === 'failed') {
    const { error, undeclared } = outcome
    return { ...ended, output: undefined, error, recovered: false, undeclared }
  }
  const { recovered } = outcome
  try {
    const output = keepContent(outcome.output)
    return { ...ended, output, error: undefined, recovered, undeclared: false }
  } catch (cause) {
    const error = doorErrors.OUTPUT_INVALID({ detail: 'it cannot be written as JSON', cause })
    return { ...ended, output: undefined, error, recovered, undeclared: false }
  }
}

/**
 * Second transaction: results, settlements and audit records of acts of one tenant, all or none, in one round trip. A
 * result that comes from anything but the latest attempt is dropped, so that doing it again changes nothing.
 */
export async function completeMany(
  services: DoorServices,
  acts: readonly EndedAct[],
): Promise<readonly Completion[]> {
  const [first] = acts
  if (first === undefined) return []
  const scope = tenantScope(first.identity.request.tenantId, doorkeeper)
  const takenOver = await services.database.pipelined(scope, ({ send }) =>
    Promise.resolve({ underWay: endActs(services, send, acts) }),
  )
  return acts.map((act) => completionOf(act, takenOver.get(act.identity.request.key)))
}

/** `recorded` is what another attempt has left: null for nothing yet, undefined when there was no other. */
function completionOf(
  { identity, output, error }: EndedAct,
  recorded: Digest | null | undefined,
): Completion {
  if (recorded === null) {
    return { kind: 'failed', error: error ?? doorErrors.TAKEN_OVER({ detail: identity.request.key }) }
  }
  if (recorded !== undefined) return { kind: 'recorded', outputDigest: recorded }
  if (error !== undefined) return { kind: 'failed', error }
  return { kind: 'succeeded', output: output === undefined ? null : JSON.parse(output.text) }
}
