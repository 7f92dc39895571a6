import { modelErrors } from '../errors.ts'
import { upstreamKinds } from '../upstreams/registry.ts'
import { loadPriceList } from './price-list.ts'
import type { PriceList } from './price-list.ts'
import { catalogueFileSchema, catalogueSchema } from './schema.ts'
import type { Capability, Deployment, ModelDefinition, PriceTable, UpstreamDefinition } from './schema.ts'
import { describeIssues, readYamlFile } from './yaml-file.ts'

/** What a million tokens of a model cost, or that nobody has said so. */
export type Price =
  | { readonly kind: 'known'; readonly table: PriceTable }
  | { readonly kind: 'unknown'; readonly use: 'refuse' | 'allow' }

export interface CatalogueModel {
  readonly id: string
  readonly upstream: UpstreamDefinition
  /** What the provider calls it. */
  readonly name: string
  /** Tokens of request and answer together. */
  readonly context: number
  readonly maxOutput: number
  readonly price: Price
  readonly capabilities: ReadonlySet<Capability>
  readonly size: 'small' | 'medium' | 'large'
  readonly deployment: Deployment
  readonly residency: string
  /** Midnight UTC of the day it is retired, in milliseconds. */
  readonly retiredAt: number | undefined
}

/** All models the studio knows, and the servers it reaches them through. */
export interface Catalogue {
  readonly currency: string
  readonly upstreams: ReadonlyMap<string, UpstreamDefinition>
  readonly models: ReadonlyMap<string, CatalogueModel>
}

interface PriceSources {
  readonly list: PriceList
  readonly unknownPrices: 'refuse' | 'allow'
}

const free: PriceTable = { input: 0, output: 0 }

/**
 * Reads the catalogue: the shipped file, and over it the owner's, whose entries say only what they change. Files that
 * are not there say nothing.
 * @throws ATL_MODEL_CATALOGUE_INVALID naming file, line and field.
 */
export async function loadCatalogue(paths: readonly string[]): Promise<Catalogue> {
  const invalid = modelErrors.CATALOGUE_INVALID
  const read = await Promise.all(paths.map((path) => readYamlFile(path, catalogueFileSchema, invalid)))
  const files = read.filter((file) => file !== undefined)
  const merged = {
    currency: files.findLast(({ value }) => value.currency !== undefined)?.value.currency ?? 'USD',
    unknownPrices: files.findLast(({ value }) => value.unknownPrices)?.value.unknownPrices ?? 'refuse',
    upstreams: mergeEntries(files.map(({ value }) => value.upstreams)),
    models: mergeEntries(files.map(({ value }) => value.models)),
  }
  /** The last file that has the entry is the one to correct. */
  const placeOf = (path: readonly PropertyKey[]): string => {
    const [section, entry] = path
    const file =
      files.findLast(({ value }) => {
        const entries = section === 'models' ? value.models : value.upstreams
        return typeof entry === 'string' && entries !== undefined && Object.hasOwn(entries, entry)
      }) ?? files.at(-1)
    return file?.placeOf(path) ?? paths.join(', ')
  }
  const parsed = catalogueSchema.safeParse(merged)
  if (!parsed.success) throw invalid({ detail: describeIssues(parsed.error, placeOf) })

  const { currency, unknownPrices } = parsed.data
  const upstreams = new Map(
    Object.entries(parsed.data.upstreams).map(([id, definition]) => [id, { id, ...definition }]),
  )
  const prices: PriceSources = { list: await loadPriceList(), unknownPrices }
  const models = new Map<string, CatalogueModel>()
  for (const [id, definition] of Object.entries(parsed.data.models)) {
    const upstream = upstreams.get(definition.upstream)
    if (upstream === undefined) {
      const place = placeOf(['models', id, 'upstream'])
      throw invalid({ detail: `${place}: models.${id}: there is no upstream ${definition.upstream}` })
    }
    models.set(id, toModel(id, definition, upstream, prices))
  }
  return { currency, upstreams, models }
}

function mergeEntries<T extends object>(
  sections: readonly (Readonly<Record<string, T | null>> | undefined)[],
): Record<string, T> {
  const merged = new Map<string, T>()
  for (const [id, entry] of sections.flatMap((section) => Object.entries(section ?? {}))) {
    if (entry === null) merged.delete(id)
    else merged.set(id, { ...merged.get(id), ...entry })
  }
  return Object.fromEntries(merged)
}

function toModel(
  id: string,
  definition: ModelDefinition,
  upstream: UpstreamDefinition,
  prices: PriceSources,
): CatalogueModel {
  const name = definition.name ?? id
  return {
    id,
    upstream,
    name,
    context: definition.context,
    maxOutput: definition.maxOutput,
    price: priceOf(definition, name, upstream, prices),
    capabilities: new Set(definition.capabilities),
    size: definition.size,
    deployment: definition.deployment ?? upstream.deployment,
    residency: definition.residency ?? upstream.residency,
    retiredAt: definition.retired === undefined ? undefined : Date.parse(definition.retired),
  }
}

function priceOf(
  { prices = 'list' }: ModelDefinition,
  name: string,
  upstream: UpstreamDefinition,
  { list, unknownPrices }: PriceSources,
): Price {
  const unknown: Price = { kind: 'unknown', use: unknownPrices }
  if (prices === 'unknown') return unknown
  if (prices === 'free') return { kind: 'known', table: free }
  if (prices !== 'list') return { kind: 'known', table: prices }
  const provider = upstream.priceList ?? upstreamKinds[upstream.kind].priceList
  const table = provider === undefined ? undefined : list(provider, name)
  return table === undefined ? unknown : { kind: 'known', table }
}
