import type { CatalogueModel } from './catalogue/catalogue.ts'
import { modelErrors } from './errors.ts'
import { findRoute, obstacleTo, type PlanOptions } from './calls/plan.ts'

/** Where a route leads today. */
export interface RouteDescription {
  /** Models that can be asked now, in their order. */
  readonly models: readonly CatalogueModel[]
  /** Why the others cannot be asked, a line each; says why nothing can be asked where `models` is empty. */
  readonly obstacles: readonly string[]
}

/** A name that stands for nothing leads nowhere. */
export function describeRoute(
  name: string,
  options: Pick<PlanOptions, 'catalogue' | 'routes' | 'missing' | 'now'>,
): RouteDescription {
  const { catalogue, routes } = options
  if (!routes.named.has(name) && !catalogue.models.has(name))
    return { models: [], obstacles: [modelErrors.UNKNOWN({ detail: name }).message] }
  const route = findRoute(name, { models: ['*'] }, options)
  const byWeight = [...route.targets].sort((left, right) => right.weight - left.weight)
  const ids = [...new Set([...byWeight, ...route.fallback].map(({ model }) => model))]
  const models: CatalogueModel[] = []
  const obstacles: string[] = []
  for (const id of ids) {
    const model = catalogue.models.get(id)
    if (model === undefined) continue
    const obstacle = obstacleTo(model, ['tools'], [route.places], options)
    if (obstacle === undefined) models.push(model)
    else obstacles.push(obstacle.message)
  }
  return { models, obstacles }
}
