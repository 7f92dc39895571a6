import { requireAgent, requireGrant, type ToolAgent } from '../../control/agents/index.ts'
import type { JsonValue, StepExecutor, StepInvocation, StepOutcome } from '../../engine/index.ts'
import { tenantScope } from '../../governance/audit/index.ts'
import { seededIdentities } from '../../governance/identity/index.ts'
import type { PrincipalId } from '../../kernel/index.ts'
import { actorFor } from './acting.ts'
import { approvalOutput, approvalQuestion, approvalSubject, handsOffFacts } from './approval.ts'
import { chainExecutor } from './chain.ts'
import { develop } from './develop.ts'
import type { DeliveryServices } from './services.ts'
import { noteRepair } from './tier-attempts.ts'

/** An approval counts for a week. */
const approvalLifetimeMs = 7 * 24 * 3_600_000

/** Performs the steps of workflows: every one of them is an act that passes the door. */
export function deliveryExecutors(
  services: DeliveryServices,
): Record<'tool' | 'agent' | 'chain' | 'compute' | 'approval' | 'validation', StepExecutor> {
  const byStudio: StepExecutor = { execute: (step) => useTool(services, step) }
  return {
    tool: byStudio,
    compute: byStudio,
    validation: byStudio,
    agent: { execute: (step) => runAgentStep(services, step) },
    chain: chainExecutor(services),
    approval: { execute: (step) => askForApproval(services, step) },
  }
}

async function useTool(services: DeliveryServices, step: StepInvocation): Promise<StepOutcome> {
  const studio = await actorFor(services, step, seededIdentities.studio)
  const output = await studio.act(services.tools.require(step.uses), step.with)
  return { kind: 'succeeded', output: output as JsonValue }
}

async function runAgentStep(services: DeliveryServices, step: StepInvocation): Promise<StepOutcome> {
  const agent = requireAgent(services.agents, step.uses)
  if ('model' in agent && agent.model === 'none') {
    const output = await useOneTool(services, step, agent)
    return { kind: 'succeeded', output: output as JsonValue }
  }
  const developed = await develop(services, step)
  if (developed.kind === 'ended') return { kind: 'succeeded', output: developed.result as JsonValue }
  const { question } = developed
  return {
    kind: 'waiting',
    reason: `${question.askedBy} asks a person`,
    payload: question,
    until: Date.parse(question.expiresAt),
  }
}

/** An agent without a model has one tool to use, with the limits of its file. */
async function useOneTool(
  services: DeliveryServices,
  step: StepInvocation,
  agent: ToolAgent,
): Promise<unknown> {
  const [name = ''] = agent.tools
  requireGrant(agent, name)
  const input = { ...step.with, confidence: agent.confidence, seconds: agent.limits.seconds }
  const actor = await actorFor(services, step, `agent:${agent.name}` as PrincipalId)
  const output = await actor.act(services.tools.require(name), input)
  await noteRepair(services, step, agent.name, output)
  return output
}

/** Asks once per subject; a decision that was made while nobody was running is taken up. */
async function askForApproval(services: DeliveryServices, step: StepInvocation): Promise<StepOutcome> {
  const { tenantId, runId, stepId } = step
  const { mandate, principal } = await actorFor(services, step, seededIdentities.studio)
  const request = await services.database.transaction(tenantScope(tenantId, principal.id), (tx) =>
    services.approvals.request(tx, {
      tenantId,
      projectId: mandate.projectId,
      runId,
      stepId,
      requester: principal,
      subject: approvalSubject(step.with, services.policy.of(tenantId).digest),
      question: approvalQuestion(step.with),
      handsOff: handsOffFacts(step.with),
      expiresInMs: approvalLifetimeMs,
    }),
  )
  const decided = approvalOutput(request)
  if (decided !== undefined) return { kind: 'succeeded', output: decided }
  return {
    kind: 'waiting',
    reason: 'a person decides about this change',
    payload: { requestId: request.id, subject: request.subjectDigest },
  }
}
