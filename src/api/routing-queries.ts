import { z } from 'zod'
import { labelsSchema, workItemSchema } from '../contracts/index.ts'
import { normaliseIntent, readTask } from '../control/intake/index.ts'
import {
  reportRouting,
  routeWork,
  type RoutingDecision,
  type RoutingReport,
  type RoutingServices,
} from '../control/routing/index.ts'
import type { TenantScope } from '../engine/index.ts'
import type { Clock } from '../kernel/index.ts'
import { apiErrors } from './errors.ts'

/** What a route leads to today. */
interface RouteView {
  /** In the order in which they are tried. */
  readonly models: readonly string[]
  /** Of its first model, in millionths of the currency per million tokens; null where it is unknown. */
  readonly price: { readonly input: number; readonly output: number } | null
}

export interface RouteExplanation extends RoutingDecision {
  /** By name of the route. */
  readonly routes: Readonly<Record<string, RouteView>>
  /** What is to be done, as far as it was read from the title. */
  readonly taskReason: string | null
}

/** What clients may ask about routing. */
export interface RoutingQueries {
  /** Who would try a piece of work, in which order, and why. Nothing is run or recorded. */
  explain(question: {
    readonly issue: { readonly title: string; readonly body: string }
    readonly labels: readonly string[]
    readonly by: string
  }): Promise<RouteExplanation>
  /** How well work was routed in the last days. */
  report(question: { readonly days: number; readonly by: string }): Promise<RoutingReport>
}

export interface RoutingQueryServices extends RoutingServices {
  readonly clock: Clock
  readonly view: (route: string) => Promise<RouteView>
  /** In whose scope the person of this name may read the project. */
  readonly authorise: (by: string) => Promise<TenantScope>
}

const issueSchema = z.object({
  title: workItemSchema.shape.title,
  body: workItemSchema.shape.body,
  labels: labelsSchema,
})

export function createRoutingQueries(services: RoutingQueryServices): RoutingQueries {
  const { database, policy, clock, view, authorise } = services
  return {
    async explain({ issue, labels, by }) {
      const scope = await authorise(by)
      const parsed = issueSchema.safeParse({ ...issue, labels })
      if (!parsed.success) throw apiErrors.INVALID_SUBMISSION({ detail: z.prettifyError(parsed.error) })
      const { title, body } = parsed.data
      const { task, taskReason = null } = readTask(title)
      const intent = normaliseIntent({ title, body })
      const decision = await routeWork(services, scope, {
        workItem: { title, body, task, labels: parsed.data.labels },
        intent,
      })
      const routes = decision.tiers.flatMap(({ route }) => route ?? [])
      const views = await Promise.all(routes.map(async (route) => [route, await view(route)] as const))
      return {
        ...decision,
        routes: Object.fromEntries(views),
        taskReason,
      }
    },
    async report({ days, by }) {
      const scope = await authorise(by)
      const largest = policy.tiers.findLast(({ route }) => route !== undefined)?.route
      const dearest = largest === undefined ? null : (await view(largest)).price
      return database.transaction(scope, (tx) =>
        reportRouting(tx, scope.tenantId, {
          since: new Date(clock.now() - days * 86_400_000),
          dearest: dearest ?? undefined,
        }),
      )
    },
  }
}
