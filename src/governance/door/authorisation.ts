import type { Principal } from '../../contracts/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import type { RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { tenantScope } from '../audit/index.ts'
import { authenticate } from '../identity/index.ts'
import { nameResource, recordDecision } from '../policy/index.ts'
import type { PolicyRequest, ToolAction } from '../policy/index.ts'
import { doorErrors } from './errors.ts'
import { redact } from './redaction.ts'
import type { DoorServices } from './services.ts'

type WithoutPrincipal<R> = R extends unknown ? Omit<R, 'principal'> : never

/** A question to the policies that is not the use of a tool: reading, steering, administering. */
export type Intention = WithoutPrincipal<Exclude<PolicyRequest, { readonly action: ToolAction }>>

export interface AuthorisationRequest {
  /** A claim: it is checked, and roles come from what is registered. */
  readonly principal: Principal
  readonly tenantId: TenantId
  readonly intention: Intention
  readonly runId: RunId | null
  /** Small particulars for the audit record. */
  readonly detail: Readonly<Record<string, unknown>>
}

/**
 * Asks the policies, records decision and audit entry, and does `work` in the same transaction if it is allowed. A
 * refusal is recorded too.
 *
 * @throws ATL_DOOR_DENIED, errors of IDENTITY, and what `work` throws, which undoes the records as well.
 */
export async function authoriseAnd<T>(
  services: DoorServices,
  request: AuthorisationRequest,
  work: (tx: Tx, actor: Principal) => Promise<T>,
): Promise<T> {
  const scope = tenantScope(request.tenantId, request.principal.id)
  const result = await services.database.transaction(scope, async (tx) => {
    const { actor, refusal, record } = await decide(services, tx, request)
    const value = refusal === undefined ? { done: await work(tx, actor) } : { refusal }
    // Last, because the chain of the tenant is locked from here to the commit.
    await record()
    return value
  })
  if ('refusal' in result) throw result.refusal
  return result.done
}

async function decide(services: DoorServices, tx: Tx, request: AuthorisationRequest) {
  const { tenantId, intention, runId, detail } = request
  const resource = nameResource(intention.resource)
  const actor = await claimOf(tx, request)
  const subject = actor instanceof AtelierError ? request.principal : actor
  const question = { principal: subject, ...intention } as PolicyRequest
  const answer = actor instanceof AtelierError ? undefined : services.policy.decide(question)
  if (answer !== undefined) {
    const time = new Date(services.clock.now())
    await recordDecision(tx, question, answer, { runId, actKey: null, time })
  }
  const refusal =
    actor instanceof AtelierError
      ? actor
      : answer?.decision === 'deny'
        ? doorErrors.DENIED({
            detail: `${subject.id}: ${intention.action} ${resource}`,
            details: { policies: answer.policies, errors: answer.errors },
          })
        : undefined
  const record = () =>
    services.audit.append(tx, {
      tenantId,
      principalId: subject.id,
      onBehalfOf: subject.onBehalfOf ?? null,
      action: intention.action,
      resource,
      outcome: refusal === undefined ? 'allowed' : 'denied',
      policies: answer?.policies ?? [],
      policySet: answer?.policySet ?? null,
      digests: answer === undefined ? {} : { request: answer.input },
      runId,
      actKey: null,
      detail: { ...redact(detail).value, ...(refusal && { code: refusal.code }) },
    })
  return { actor: subject, refusal, record }
}

async function claimOf(tx: Tx, request: AuthorisationRequest): Promise<Principal | AtelierError> {
  try {
    return await authenticate(tx, request.tenantId, request.principal)
  } catch (error) {
    if (error instanceof AtelierError && !error.retryable) return error
    throw error
  }
}
