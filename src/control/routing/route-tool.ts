import { z } from 'zod'
import { intentSchema, testReportSchema, type Tool, workItemSchema } from '../../contracts/index.ts'
import { errorCodes, type TenantId } from '../../kernel/index.ts'
import type { Database, Scope } from '../../store/index.ts'
import { readRecords } from './attempts.ts'
import { decideRoute, routingDecisionSchema, type RoutingDecision } from './decision.ts'
import { routingErrors } from './errors.ts'
import type { RoutingPolicy } from './routing-file.ts'
import { factsOfWork } from './work-facts.ts'

export interface RoutingServices {
  readonly database: Database
  readonly policy: RoutingPolicy
  /** Why no model of a route may be used for a tenant; undefined when one may. */
  readonly unavailable: (tenantId: TenantId, route: string) => Promise<string | undefined>
}

const inputSchema = z.object({
  workItem: workItemSchema,
  intent: intentSchema,
  /** The tests of the base revision, where they have run. */
  baseline: testReportSchema.pick({ tests: true }).optional(),
})
type RoutingInput = z.infer<typeof inputSchema>

/** The part of a work item that decides who tries it. */
interface WorkToRoute extends Omit<RoutingInput, 'workItem'> {
  readonly workItem: Pick<RoutingInput['workItem'], 'title' | 'body' | 'task' | 'labels'>
}

/** Who would try a piece of work now, in which order, and why. */
export async function routeWork(
  { database, policy, unavailable }: RoutingServices,
  scope: Extract<Scope, { kind: 'tenant' }>,
  { workItem, intent, baseline }: WorkToRoute,
): Promise<RoutingDecision> {
  const tenantId = scope.tenantId
  const records = await database.transaction(scope, (tx) => readRecords(tx, tenantId))
  const routes = [...new Set(policy.tiers.flatMap(({ route }) => route ?? []))]
  const obstacles = new Map<string, string | undefined>()
  for (const route of routes) obstacles.set(route, await unavailable(tenantId, route))
  return decideRoute(policy, {
    work: factsOfWork(workItem, intent, baseline?.tests.filter(({ outcome }) => outcome === 'failed').length),
    unavailable: (route) => obstacles.get(route),
    records,
  })
}

/** `routing.decide`: who tries the work, in which order. */
export function routingTool(services: RoutingServices): Tool<RoutingInput, RoutingDecision> {
  return {
    name: 'routing.decide',
    summary: 'Decides who tries the work, cheapest first, by rules, difficulty and what was solved before.',
    input: inputSchema,
    output: routingDecisionSchema,
    effect: 'read',
    permissions: [],
    failureModes: errorCodes(routingErrors),
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 30 },
    perform: (input, { tenantId, principal }) =>
      routeWork(services, { kind: 'tenant', tenantId, principalId: principal.id }, input),
  }
}
