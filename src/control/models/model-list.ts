import type { ModelAccess } from './access.ts'
import { obstacleTo } from './calls/plan.ts'
import type { GatewayParts } from './parts.ts'

/** A name that may be asked for. */
export interface ListedModel {
  readonly id: string
  /** Who provides it; `atelier` for a route. */
  readonly provider: string
  readonly kind: 'model' | 'route'
}

/** The models and routes that whoever asks may use, and that can be used: with a key, a price, and not retired. */
export async function listModels(
  { directory, services, clock }: GatewayParts,
  { models: allowed, places = {} }: ModelAccess,
): Promise<readonly ListedModel[]> {
  const { catalogue, routes } = await directory.read()
  const missing = services.connections.missing.bind(services.connections)
  const options = {
    missing: ({ upstream }: { readonly upstream: Parameters<typeof missing>[0] }) => missing(upstream),
    now: clock.now(),
  }
  const usable = new Set(
    [...catalogue.models.values()].filter((model) => obstacleTo(model, [], [places], options) === undefined),
  )
  const isUsable = (id: string): boolean => {
    const model = catalogue.models.get(id)
    return model !== undefined && usable.has(model)
  }
  const isAllowed = (id: string): boolean => allowed.includes('*') || allowed.includes(id)
  return [
    ...[...routes.named]
      .filter(
        ([name, { targets, fallback }]) =>
          isAllowed(name) && [...targets, ...fallback].some(({ model }) => isUsable(model)),
      )
      .map(([name]) => ({ id: name, provider: 'atelier', kind: 'route' as const })),
    ...[...usable]
      .filter(({ id }) => isAllowed(id))
      .map(({ id, upstream }) => ({ id, provider: upstream.id, kind: 'model' as const })),
  ]
}
