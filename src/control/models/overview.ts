import type { TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import type { PriceTable } from './catalogue/schema.ts'
import { obstacleTo } from './calls/plan.ts'
import type { GatewayParts } from './parts.ts'

/** A model of the catalogue, for people to look at. */
interface ModelView {
  readonly id: string
  readonly name: string
  readonly upstream: string
  /** Tokens of request and answer together, and of an answer. */
  readonly context: number
  readonly maxOutput: number
  /** Units of the currency for a million tokens; null where nobody has said so. */
  readonly price: PriceTable | null
  readonly capabilities: readonly string[]
  readonly size: string
  readonly deployment: string
  readonly residency: string
  /** ISO 8601 day. */
  readonly retiredAt: string | null
  /** Why it cannot be asked now; null where it can. */
  readonly obstacle: string | null
  /** Milliseconds for which its upstream is not called because it kept failing; null while all is well. */
  readonly restingMs: number | null
}

/** A route with the weights that hold for a tenant today. */
interface RouteView {
  readonly name: string
  readonly targets: readonly {
    readonly model: string
    readonly weight: number
    readonly weightOfFile: number
  }[]
  readonly fallback: readonly { readonly model: string; readonly on: readonly string[] }[]
  /** Who shifted the weights, and why; null while those of the file hold. */
  readonly shifted: { readonly by: string; readonly at: string; readonly reason: string } | null
}

export interface ModelOverview {
  readonly currency: string
  readonly models: readonly ModelView[]
  readonly routes: readonly RouteView[]
}

/** Catalogue and routes as they are today. */
export async function overviewOf(parts: GatewayParts, tx: Tx, tenantId: TenantId): Promise<ModelOverview> {
  const { catalogue, routes } = await parts.directory.read()
  const { connections, breaker } = parts.services
  const resting = breaker.open()
  const options = {
    missing: ({ upstream }: { readonly upstream: Parameters<typeof connections.missing>[0] }) =>
      connections.missing(upstream),
    now: parts.clock.now(),
  }
  const shifts = await tx
    .selectFrom('model_route_weights')
    .select(['route', 'weights', 'reason', 'principal_id', 'set_at'])
    .where('tenant_id', '=', tenantId)
    .execute()
  const shiftOf = new Map(shifts.map((shift) => [shift.route, shift]))
  return {
    currency: catalogue.currency,
    models: [...catalogue.models.values()].map((model) => ({
      id: model.id,
      name: model.name,
      upstream: model.upstream.id,
      context: model.context,
      maxOutput: model.maxOutput,
      price: model.price.kind === 'known' ? model.price.table : null,
      capabilities: [...model.capabilities].sort(),
      size: model.size,
      deployment: model.deployment,
      residency: model.residency,
      retiredAt: model.retiredAt === undefined ? null : new Date(model.retiredAt).toISOString().slice(0, 10),
      obstacle: obstacleTo(model, [], [], options)?.message ?? null,
      restingMs: resting.get(`upstream ${model.upstream.id}`) ?? null,
    })),
    routes: [...routes.named].map(([name, route]) => {
      const shift = shiftOf.get(name)
      return {
        name,
        targets: route.targets.map(({ model, weight }) => ({
          model,
          weight: shift?.weights[model] ?? weight,
          weightOfFile: weight,
        })),
        fallback: route.fallback.map(({ model, on }) => ({ model, on: [...on].sort() })),
        shifted: shift
          ? { by: shift.principal_id, at: shift.set_at.toISOString(), reason: shift.reason }
          : null,
      }
    }),
  }
}
