import type { Principal, Tool } from '../../contracts/index.ts'
import type { StepInvocation } from '../../engine/index.ts'
import { tenantScope } from '../../governance/audit/index.ts'
import { findPrincipal, type Mandate, readMandate } from '../../governance/identity/index.ts'
import type { PrincipalId } from '../../kernel/index.ts'
import { approvalSubject } from './approval.ts'
import { deliveryErrors } from './errors.ts'
import type { DeliveryServices } from './services.ts'

/** Somebody at work in one step: what they do are acts at the door, under the run's mandate. */
export interface Actor {
  readonly mandate: Mandate
  readonly principal: Principal
  /**
   * @param key the same for every attempt of the same act; that of the step when absent
   * @param grants where somebody else chose the tool: those that the agent file grants
   */
  act<I, O>(
    tool: Tool<I, O>,
    input: unknown,
    options?: { readonly key?: string; readonly signal?: AbortSignal; readonly grants?: readonly string[] },
  ): Promise<O>
}

/** What acts are performed with. */
export type ActingServices = Pick<
  DeliveryServices,
  'database' | 'door' | 'policy' | 'isolation' | 'clock' | 'logger'
>

/** @throws ATL_DELIVERY_ACTOR_UNKNOWN, ATL_MANDATE_MISSING */
export async function actorFor(
  services: ActingServices,
  step: StepInvocation,
  actor: PrincipalId,
): Promise<Actor> {
  const { tenantId, runId, stepId } = step
  const { mandate, principal } = await actingFor(services, step, actor)
  return {
    mandate,
    principal,
    act: (tool, input, { key = step.idempotencyKey, signal = step.signal, grants } = {}) =>
      services.door.act(tool, input, {
        principal,
        tenantId,
        projectId: mandate.projectId,
        runId,
        stepId,
        attempt: step.attempt,
        key,
        resource: `run:${runId}`,
        context: { isolation: tool.effect === 'workspace' ? services.isolation : 'not-applicable' },
        deadlineMs: Math.max(1, step.deadline - services.clock.now()),
        signal,
        logger: services.logger.child({ runId, stepId }),
        report: (message) => step.emit({ kind: 'progress', data: { message } }),
        // What an agent chose was never approved.
        ...(grants !== undefined
          ? { grants }
          : tool.effect.startsWith('external')
            ? { approval: { subject: approvalSubject(step.with, services.policy.of(tenantId).digest) } }
            : {}),
      }),
  }
}

async function actingFor(
  { database }: ActingServices,
  { tenantId, principalId, runId }: StepInvocation,
  actor: PrincipalId,
): Promise<Pick<Actor, 'mandate' | 'principal'>> {
  return database.transaction(tenantScope(tenantId, principalId), async (tx) => {
    const mandate = await readMandate(tx, tenantId, runId)
    const registered = await findPrincipal(tx, tenantId, actor)
    if (registered === undefined) throw deliveryErrors.ACTOR_UNKNOWN({ detail: actor })
    const onBehalfOf = registered.kind === 'agent' ? mandate.requester : registered.onBehalfOf
    return { mandate, principal: { ...registered, onBehalfOf } }
  })
}
