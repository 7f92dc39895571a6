import { recordAttempt, type RoutingAttempt, routingDecisionSchema } from '../../control/routing/index.ts'
import type { RoutingDecision } from '../../control/routing/index.ts'
import type { StepInvocation } from '../../engine/index.ts'
import { repairResultSchema } from '../../execution/tools/index.ts'
import { tenantScope } from '../../governance/audit/index.ts'
import type { DeliveryServices } from './services.ts'

/** All tiers of a run are attempts at one piece of work, whichever step tried it. */
const piece = 'solve'

/** Records what came of a tier's try, for the report on routing. */
export async function noteAttempt(
  { database }: Pick<DeliveryServices, 'database'>,
  { tenantId, runId, principalId }: StepInvocation,
  decision: RoutingDecision,
  attempt: RoutingAttempt,
): Promise<void> {
  const number = 1 + decision.tiers.findIndex(({ name }) => name === attempt.tier)
  await database.transaction(tenantScope(tenantId, principalId), (tx) =>
    recordAttempt(tx, { tenantId, runId, stepId: piece, number, principalId, decision }, attempt),
  )
}

/** Records what came of the engineer that needs no model, where its work was routed. */
export async function noteRepair(
  services: Pick<DeliveryServices, 'database'>,
  step: StepInvocation,
  agent: string,
  output: unknown,
): Promise<void> {
  const decision = routingDecisionSchema.safeParse(step.with['decision'])
  const result = repairResultSchema.safeParse(output)
  const tier = decision.data?.tiers.find((one) => one.agent === agent && one.route === undefined)
  if (!decision.success || !result.success || tier === undefined) return
  await noteAttempt(services, step, decision.data, {
    tier: tier.name,
    route: null,
    outcome: result.data.outcome === 'repaired' ? 'solved' : 'gave-up',
    detail: result.data.outcome === 'repaired' ? 'the whole suite passes' : result.data.escalation.hypothesis,
    money: 0,
    inputTokens: 0,
    outputTokens: 0,
    seconds: result.data.attempts.seconds,
  })
}
