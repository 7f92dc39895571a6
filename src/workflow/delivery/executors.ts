import type { Principal, Tool } from '../../contracts/index.ts'
import { type Agent, requireAgent, requireGrant } from '../../control/agents/index.ts'
import type { JsonValue, StepExecutor, StepInvocation, StepOutcome } from '../../engine/index.ts'
import type { ToolRegistry } from '../../execution/tools/index.ts'
import type { Approvals } from '../../governance/approvals/index.ts'
import { tenantScope } from '../../governance/audit/index.ts'
import type { Door } from '../../governance/door/index.ts'
import {
  findPrincipal,
  type Mandate,
  readMandate,
  seededIdentities,
} from '../../governance/identity/index.ts'
import type { PolicyEngine } from '../../governance/policy/index.ts'
import type { Logger, PrincipalId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import { approvalOutput, approvalQuestion, approvalSubject, handsOffFacts } from './approval.ts'
import { deliveryErrors } from './errors.ts'

export interface DeliveryServices {
  readonly database: Database
  readonly door: Door
  readonly approvals: Approvals
  readonly policy: PolicyEngine
  readonly tools: ToolRegistry
  readonly agents: ReadonlyMap<string, Agent>
  readonly isolation: 'namespaces' | 'none'
  readonly logger: Logger
}

/** An approval counts for a week. */
const approvalLifetimeMs = 7 * 24 * 3_600_000

/** Performs the steps of workflows: every one of them is an act that passes the door. */
export function deliveryExecutors(
  services: DeliveryServices,
): Record<'tool' | 'agent' | 'compute' | 'approval' | 'validation', StepExecutor> {
  const byStudio: StepExecutor = {
    execute: (step) =>
      useTool(services, step, services.tools.require(step.uses), step.with, seededIdentities.studio),
  }
  return {
    tool: byStudio,
    compute: byStudio,
    validation: byStudio,
    agent: { execute: (step) => runAgent(services, step) },
    approval: { execute: (step) => askForApproval(services, step) },
  }
}

/** An agent without a model has one tool to use, with the limits of its file. */
async function runAgent(services: DeliveryServices, step: StepInvocation): Promise<StepOutcome> {
  const agent = requireAgent(services.agents, step.uses)
  const [name] = agent.tools
  if (name === undefined || agent.model !== 'none')
    throw deliveryErrors.AGENT_NEEDS_MODEL({ detail: agent.name })
  requireGrant(agent, name)
  const input = { ...step.with, confidence: agent.confidence, seconds: agent.limits.seconds }
  return useTool(services, step, services.tools.require(name), input, `agent:${agent.name}` as PrincipalId)
}

async function useTool(
  services: DeliveryServices,
  step: StepInvocation,
  tool: Tool,
  input: unknown,
  actor: PrincipalId,
): Promise<StepOutcome> {
  const { tenantId, runId, stepId } = step
  const { mandate, principal } = await actingFor(services, step, actor)
  const output = await services.door.act(tool, input, {
    principal,
    tenantId,
    projectId: mandate.projectId,
    runId,
    stepId,
    attempt: step.attempt,
    key: step.idempotencyKey,
    resource: `run:${runId}`,
    context: { isolation: tool.effect === 'workspace' ? services.isolation : 'not-applicable' },
    deadlineMs: Math.max(1, step.deadline - Date.now()),
    signal: step.signal,
    logger: services.logger.child({ runId, stepId }),
    report: (message) => step.emit({ kind: 'progress', data: { message } }),
    ...(tool.effect.startsWith('external')
      ? { approval: { subject: approvalSubject(step.with, services.policy.digest) } }
      : {}),
  })
  return { kind: 'succeeded', output: output as JsonValue }
}

async function actingFor(
  { database }: DeliveryServices,
  { tenantId, principalId, runId }: StepInvocation,
  actor: PrincipalId,
): Promise<{ readonly mandate: Mandate; readonly principal: Principal }> {
  return database.transaction(tenantScope(tenantId, principalId), async (tx) => {
    const mandate = await readMandate(tx, tenantId, runId)
    const registered = await findPrincipal(tx, tenantId, actor)
    if (registered === undefined) throw deliveryErrors.ACTOR_UNKNOWN({ detail: actor })
    const onBehalfOf = registered.kind === 'agent' ? mandate.requester : registered.onBehalfOf
    return { mandate, principal: { ...registered, onBehalfOf } }
  })
}

/** Asks once per subject; a decision that was made while nobody was running is taken up. */
async function askForApproval(services: DeliveryServices, step: StepInvocation): Promise<StepOutcome> {
  const { tenantId, runId, stepId } = step
  const { mandate, principal } = await actingFor(services, step, seededIdentities.studio)
  const request = await services.database.transaction(tenantScope(tenantId, principal.id), (tx) =>
    services.approvals.request(tx, {
      tenantId,
      projectId: mandate.projectId,
      runId,
      stepId,
      requester: principal,
      subject: approvalSubject(step.with, services.policy.digest),
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
