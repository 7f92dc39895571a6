import { byModel, requireChain } from '../../control/agents/index.ts'
import type { JsonValue, StepExecutor, StepInvocation, StepOutcome } from '../../engine/index.ts'
import type { PrincipalId } from '../../kernel/index.ts'
import { type ActingServices, actorFor } from './acting.ts'
import { deliveryErrors } from './errors.ts'
import type { DeliveryServices } from './services.ts'

type ChainServices = ActingServices & Pick<DeliveryServices, 'models'>

/**
 * Performs steps that ask models a few questions one after the other. Every call is an act by the agent of the chain, with a
 * key that says its place, so that after a crash the chain goes on from the record.
 */
export function chainExecutor(services: ChainServices): StepExecutor {
  return { execute: (step) => runChain(services, step) }
}

/** @throws ATL_AGENT_CHAIN_UNKNOWN, ATL_DELIVERY_CHAIN_FAILED, and what may pass */
async function runChain(services: ChainServices, step: StepInvocation): Promise<StepOutcome> {
  const { tenantId, runId, stepId, attempt, signal, idempotencyKey: key } = step
  const chain = requireChain(step.uses)
  const { principal, mandate } = await actorFor(services, step, `agent:${chain.agent}` as PrincipalId)
  const { projectId } = mandate
  const models = [...chain.routes]
  const model = services.models.client({ tenantId, projectId, runId, stepId, attempt, principal, models })
  const askModel = byModel({ model, key, signal })
  const result = await chain.run(step.with, (question, input) => {
    step.emit({ kind: 'progress', data: { message: `asks ${question.model.route}: ${question.name}` } })
    return askModel(question, input)
  })
  if (result.kind === 'answered') return { kind: 'succeeded', output: result.output as JsonValue }
  const { failure, used } = result
  throw deliveryErrors.CHAIN_FAILED({
    detail: `${chain.name}, step ${result.step} (${failure.kind}): ${failure.problem.slice(0, 1000)}`,
    details: { chain: chain.name, step: result.step, failure: failure.kind, calls: used.calls },
  })
}
