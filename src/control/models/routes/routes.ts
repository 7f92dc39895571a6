import type { Places } from '../access.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { describeIssues, readYamlFile } from '../catalogue/yaml-file.ts'
import { modelErrors } from '../errors.ts'
import type { Deadlines } from '../resilience/deadlines.ts'
import type { RetryPolicy } from '../resilience/retry.ts'
import type { FailureClass } from '../upstreams/failure.ts'
import { defaultFallback, routesFileSchema, routesSchema } from './schema.ts'
import type { RouteDefinition, RouteSettings } from './schema.ts'

/** A named way to a model: whom to ask, whom instead, and how patiently. */
export interface Route {
  readonly name: string
  readonly targets: readonly { readonly model: string; readonly weight: number }[]
  readonly fallback: readonly { readonly model: string; readonly on: ReadonlySet<FailureClass> }[]
  readonly assignBy: 'run' | 'step' | 'call'
  readonly retry: RetryPolicy
  readonly cutOffRetries: number
  readonly deadlines: Deadlines
  readonly cache: 'never' | 'deterministic' | 'always'
  readonly cacheMs: number
  readonly maxOutputTokens: number
  readonly requestBytes: number
  readonly answerBytes: number
  readonly places: Places
}

export interface Routes {
  /** By name; a route with further names stands under each. */
  readonly named: ReadonlyMap<string, Route>
  /** The route to a model that is asked for by its id. */
  direct(model: string): Route
}

/**
 * Reads the routes: the shipped file, and over it the owner's, route by route. Files that are not there say nothing.
 * @throws ATL_MODEL_ROUTES_INVALID naming file, line and field, also where a route names a model that does not exist.
 */
export async function loadRoutes(paths: readonly string[], catalogue: Catalogue): Promise<Routes> {
  const invalid = modelErrors.ROUTES_INVALID
  const read = await Promise.all(paths.map((path) => readYamlFile(path, routesFileSchema, invalid)))
  const files = read.filter((file) => file !== undefined)
  const merged = {
    defaults: Object.assign({}, ...files.map(({ value }) => value.defaults ?? {})) as RouteSettings,
    routes: mergeByName(files.map(({ value }) => value.routes)),
    aliases: mergeByName(files.map(({ value }) => value.aliases)),
  }
  const placeOf = (path: readonly PropertyKey[]): string => {
    const name = String(path[1])
    const file =
      files.findLast(
        ({ value }) => Object.hasOwn(value.routes ?? {}, name) || Object.hasOwn(value.aliases ?? {}, name),
      ) ?? files.at(-1)
    return file?.placeOf(path) ?? paths.join(', ')
  }
  const parsed = routesSchema.safeParse(merged)
  if (!parsed.success) throw invalid({ detail: describeIssues(parsed.error, placeOf) })
  for (const [name, { targets, fallback = [] }] of Object.entries(parsed.data.routes)) {
    const refuse = (problem: string): never => {
      throw invalid({ detail: `${placeOf(['routes', name])}: routes.${name}: ${problem}` })
    }
    if (catalogue.models.has(name)) refuse('there is a model of this name')
    for (const { model } of [...targets, ...fallback])
      if (!catalogue.models.has(model)) refuse(`there is no model ${model}`)
    if (targets.every(({ weight }) => weight === 0)) refuse('every target has weight 0')
  }
  const { defaults, routes, aliases } = parsed.data
  const directs = new Map<string, Route>()
  const direct = (model: string): Route => {
    const known = directs.get(model)
    if (known !== undefined) return known
    const route = toRoute(model, { targets: [{ model }] }, defaults)
    directs.set(model, route)
    return route
  }
  const named = new Map(
    Object.entries(routes).map(([name, definition]) => [name, toRoute(name, definition, defaults)]),
  )
  for (const [alias, name] of Object.entries(aliases)) {
    const route = Object.hasOwn(routes, name) ? named.get(name) : undefined
    if (route === undefined && !catalogue.models.has(name))
      throw invalid({ detail: `${placeOf(['aliases', alias])}: aliases.${alias}: there is no ${name}` })
    // A route of the same name has been written for it.
    if (!Object.hasOwn(routes, alias)) named.set(alias, route ?? direct(name))
  }
  return { named, direct }
}

function mergeByName<T>(sections: readonly (Readonly<Record<string, T | null>> | undefined)[]) {
  const merged = new Map<string, T>()
  for (const [name, entry] of sections.flatMap((section) => Object.entries(section ?? {}))) {
    if (entry === null) merged.delete(name)
    else merged.set(name, entry)
  }
  return Object.fromEntries(merged)
}

function toRoute(name: string, definition: RouteDefinition, defaults: RouteSettings): Route {
  const settings = { ...defaults, ...definition }
  const { first, longest } = settings.backoff ?? { first: 0.5, longest: 20 }
  const deadlines = { ...defaults.deadlines, ...definition.deadlines }
  const limits = { ...defaults.limits, ...definition.limits }
  const places = settings.places ?? {}
  return {
    name,
    targets: definition.targets.map(({ model, weight = 1 }) => ({ model, weight })),
    fallback: (definition.fallback ?? []).map(({ model, on }) => ({
      model,
      on: new Set<FailureClass>(on ?? defaultFallback),
    })),
    assignBy: settings.assignBy ?? 'run',
    retry: {
      retries: settings.retries ?? 2,
      firstDelayMs: first * 1000,
      longestDelayMs: longest * 1000,
    },
    cutOffRetries: settings.cutOffRetries ?? 0,
    deadlines: {
      firstTokenMs: (deadlines.firstToken ?? 120) * 1000,
      betweenTokensMs: (deadlines.betweenTokens ?? 60) * 1000,
      totalMs: (deadlines.total ?? 600) * 1000,
    },
    cache: settings.cache ?? 'deterministic',
    cacheMs: (settings.cacheSeconds ?? 24 * 3600) * 1000,
    maxOutputTokens: settings.maxOutputTokens ?? Infinity,
    requestBytes: limits.requestBytes ?? 16 * 2 ** 20,
    answerBytes: limits.answerBytes ?? 8 * 2 ** 20,
    places: {
      ...(places.deployments && { deployments: places.deployments }),
      ...(places.residencies && { residencies: places.residencies }),
    },
  }
}
