import type { Principal } from '../contracts/index.ts'
import type { AtelierError, PrincipalId, RunId, TenantId } from '../kernel/index.ts'
import { type AuditLog, tenantScope } from '../governance/audit/index.ts'
import { authenticate, findPrincipal, identityErrors } from '../governance/identity/index.ts'
import { nameResource, type PolicyEngine, type PolicyRequest } from '../governance/policy/index.ts'
import type { Database, Tx } from '../store/index.ts'
import { apiErrors } from './errors.ts'

export interface GovernanceServices {
  readonly database: Database
  readonly policy: PolicyEngine
  readonly audit: AuditLog
}

/** A policy request as it stands before the principal is known. */
export type Question = PolicyRequest extends infer R
  ? R extends unknown
    ? Omit<R, 'principal'>
    : never
  : never

export interface GovernedCommand<T> {
  readonly tenantId: TenantId
  readonly actor: PrincipalId
  readonly question: Question
  readonly runId: RunId | null
  /** Small particulars for the audit record. */
  readonly detail: Readonly<Record<string, unknown>>
  /** What is done in the transaction that records it. */
  work(tx: Tx, principal: Principal): Promise<T>
}

/**
 * What people ask of the studio itself, rather than of a tool: decided by policy, recorded in the audit log in the same
 * transaction as what it changes, and recorded as well when it is refused.
 * @throws ATL_STUDIO_FORBIDDEN and errors of IDENTITY.
 */
export async function govern<T>(services: GovernanceServices, command: GovernedCommand<T>): Promise<T> {
  const { database, policy, audit } = services
  const { tenantId, actor, question } = command
  const result = await database.transaction(
    tenantScope(tenantId, actor),
    async (tx): Promise<{ readonly value: T } | { readonly refusal: AtelierError }> => {
      const claim = await findPrincipal(tx, tenantId, actor)
      if (claim === undefined) throw identityErrors.UNKNOWN({ detail: actor })
      const principal = await authenticate(tx, tenantId, claim)
      const request = { ...question, principal } as PolicyRequest
      const decision = policy.decide(request)
      const allowed = decision.decision === 'allow'
      const value = allowed ? { value: await command.work(tx, principal) } : undefined
      await audit.append(tx, {
        tenantId,
        principalId: principal.id,
        onBehalfOf: principal.onBehalfOf ?? null,
        action: question.action,
        resource: nameResource(question.resource),
        outcome: allowed ? 'allowed' : 'denied',
        policies: decision.policies,
        policySet: decision.policySet,
        digests: { request: decision.input },
        runId: command.runId,
        actKey: null,
        detail: command.detail,
      })
      return value ?? { refusal: apiErrors.FORBIDDEN({ detail: `${actor} may not ${question.action}` }) }
    },
  )
  if ('refusal' in result) throw result.refusal
  return result.value
}
