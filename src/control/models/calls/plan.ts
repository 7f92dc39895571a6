import type { ModelRequest } from '../../../contracts/index.ts'
import type { AtelierError } from '../../../kernel/index.ts'
import { digestOf } from '../../../kernel/index.ts'
import type { ModelAccess, Places } from '../access.ts'
import type { Catalogue, CatalogueModel } from '../catalogue/catalogue.ts'
import type { Capability } from '../catalogue/schema.ts'
import { modelErrors } from '../errors.ts'
import { worstCost } from '../metering/cost.ts'
import type { RequestSize } from '../metering/request-size.ts'
import type { Route, Routes } from '../routes/routes.ts'
import type { FailureClass } from '../upstreams/failure.ts'
import { upstreamKinds } from '../upstreams/registry.ts'

/** A model to ask, and after which failures of those before it. */
export interface Target {
  readonly model: CatalogueModel
  /** Undefined for the first one. */
  readonly on: ReadonlySet<FailureClass> | undefined
  /** Tokens that the answer is limited to. */
  readonly maxOutput: number
  /** Tokens that it can come to all the same, where thoughts are not counted against the limit. */
  readonly worstOutput: number
}

/** Whom a call asks, in which order, and what it can use up at most. */
export interface CallPlan {
  readonly route: Route
  readonly chain: readonly [Target, ...Target[]]
  readonly size: RequestSize
  /** Of all attempts together. Money is in millionths of the currency. */
  readonly worst: { readonly money: number; readonly tokens: number }
}

export interface PlanOptions {
  readonly catalogue: Catalogue
  readonly routes: Routes
  /** What an upstream lacks to be used, if anything. */
  readonly missing: (model: CatalogueModel) => string | undefined
  /** Weights that replace those of a route for the time being, by model. */
  readonly weights: Readonly<Record<string, number>> | undefined
  /** What the model has to be capable of, beyond what the request shows. */
  readonly needs: readonly Capability[]
  /** The call's own key, for routes that choose anew for each call. */
  readonly key: string
  readonly now: number
}

/** The route of this name, or to the model of this id. @throws ATL_MODEL_UNKNOWN, ATL_MODEL_NOT_ALLOWED */
export function findRoute(
  name: string,
  { models }: Pick<ModelAccess, 'models'>,
  { catalogue, routes }: Pick<PlanOptions, 'catalogue' | 'routes'>,
): Route {
  // Whether a name exists is not for everybody to find out.
  if (!models.includes('*') && !models.includes(name))
    throw modelErrors.NOT_ALLOWED({ detail: name, details: { model: name, allowed: models } })
  const route = routes.named.get(name) ?? (catalogue.models.has(name) ? routes.direct(name) : undefined)
  if (route === undefined) throw modelErrors.UNKNOWN({ detail: name, details: { model: name } })
  return route
}

/**
 * Decides whom to ask for a request. Targets that cannot be asked are left out as long as there are others; when none
 * is left, the error is that of the first.
 * @throws errors of MODEL that say why nobody can be asked.
 */
export function planCall(
  route: Route,
  access: ModelAccess,
  request: ModelRequest,
  size: RequestSize,
  options: PlanOptions,
): CallPlan {
  if (size.bytes > route.requestBytes)
    throw modelErrors.REQUEST_TOO_LARGE({ detail: `${size.bytes} bytes, ${route.requestBytes} are allowed` })
  const needs = [...options.needs, ...capabilitiesFor(request)]
  const obstacles: AtelierError[] = []
  const usable = (id: string): CatalogueModel[] => {
    const model = options.catalogue.models.get(id)
    const obstacle =
      model === undefined
        ? modelErrors.UNKNOWN({ detail: id })
        : obstacleTo(model, needs, [route.places, access.places ?? {}], options)
    if (obstacle !== undefined) obstacles.push(obstacle)
    return model === undefined || obstacle !== undefined ? [] : [model]
  }
  const weighted = route.targets.flatMap(({ model: id, weight }) =>
    usable(id).map((model) => ({ model, weight: options.weights?.[id] ?? weight })),
  )
  const chosen =
    route.targets.length > 1 ? choose(weighted, fractionOf(route, access, options.key)) : weighted[0]?.model
  const fallback = route.fallback.flatMap(({ model: id, on }) => usable(id).map((model) => ({ model, on })))
  const models = [
    ...(chosen === undefined ? [] : [{ model: chosen, on: undefined }]),
    ...fallback.filter(({ model }) => model !== chosen),
  ]
  const [first, ...others] = models.map(({ model, on }): Target => ({
    model,
    on,
    ...outputLimits(model, route, request, size),
  }))
  if (first === undefined) throw obstacles[0] ?? modelErrors.UNKNOWN({ detail: route.name })
  const chain: CallPlan['chain'] = [{ ...first, on: undefined }, ...others]
  return { route, chain, size, worst: worstOf(chain, size, route.cutOffRetries + 1) }
}

function capabilitiesFor(request: ModelRequest): Capability[] {
  const needs: Capability[] = []
  if (request.tools !== undefined && request.tools.length > 0) needs.push('tools')
  const hasImage = request.messages.some(
    (message) =>
      message.role === 'user' &&
      message.content.some((part) => part.kind === 'file' && part.mediaType.startsWith('image/')),
  )
  if (hasImage) needs.push('images')
  return needs
}

/** Why a model cannot be asked, if so. */
export function obstacleTo(
  model: CatalogueModel,
  needs: readonly Capability[],
  places: readonly Places[],
  { missing, now }: Pick<PlanOptions, 'missing' | 'now'>,
): AtelierError | undefined {
  const { id, deployment, residency, upstream, price, capabilities, retiredAt } = model
  const details = { model: id }
  if (retiredAt !== undefined && retiredAt <= now)
    return modelErrors.RETIRED({
      detail: `${id}, since ${new Date(retiredAt).toISOString().slice(0, 10)}`,
      details,
    })
  for (const { deployments, residencies } of places) {
    if (deployments?.includes(deployment) !== false && residencies?.includes(residency) !== false) continue
    return modelErrors.PLACE_NOT_ALLOWED({
      detail: `${id} runs as ${deployment} in ${residency}`,
      details: { ...details, deployments, residencies },
    })
  }
  const lacking = needs.find((capability) => !capabilities.has(capability))
  if (lacking !== undefined) return modelErrors.UNSUPPORTED({ detail: `${id} has no ${lacking}`, details })
  const absent = missing(model)
  if (absent !== undefined)
    return modelErrors.CREDENTIAL_MISSING({ detail: `${upstream.id} needs ${absent}`, details })
  if (price.kind === 'unknown' && price.use === 'refuse')
    return modelErrors.PRICE_UNKNOWN({ detail: id, details })
  return undefined
}

/** Least room for an answer where the request names no limit, in tokens; a shorter one would be of no use. */
const leastOutput = 1024

function outputLimits(
  model: CatalogueModel,
  route: Route,
  request: ModelRequest,
  size: RequestSize,
): Pick<Target, 'maxOutput' | 'worstOutput'> {
  const most = Math.min(model.maxOutput, route.maxOutputTokens)
  const room = Math.max(leastOutput, model.context - size.atMost)
  const maxOutput = Math.min(most, request.maxOutputTokens ?? room)
  const thinks = request.reasoning !== undefined && request.reasoning !== 'none'
  const beyond = thinks && upstreamKinds[model.upstream.kind].thinksBeyondLimit
  return { maxOutput, worstOutput: beyond ? model.maxOutput : maxOutput }
}

/** The most one attempt can use at any target, times the attempts that can be paid for. */
function worstOf(chain: readonly Target[], { atMost }: RequestSize, attempts: number): CallPlan['worst'] {
  const tokens = Math.max(...chain.map(({ worstOutput }) => atMost + worstOutput))
  const money = Math.max(
    ...chain.map(({ model, worstOutput }) => worstCost(atMost, worstOutput, model.price)),
  )
  return { tokens: tokens * attempts, money: money * attempts }
}

/** A number from 0 up to 1 that is the same for the same run, step or call. */
function fractionOf(route: Route, { runId, stepId }: ModelAccess, key: string): number {
  const seed = { run: [runId], step: [runId, stepId], call: [runId, stepId, key] }[route.assignBy]
  const hex = digestOf(JSON.stringify([route.name, ...seed])).slice('sha256:'.length)
  return parseInt(hex.slice(0, 12), 16) / 16 ** 12
}

function choose(
  weighted: readonly { readonly model: CatalogueModel; readonly weight: number }[],
  fraction: number,
): CatalogueModel | undefined {
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0)
  let left = fraction * total
  return weighted.find(({ weight }) => (left -= weight) < 0)?.model
}
