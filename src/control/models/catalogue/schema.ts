import { z } from 'zod'

export const deploymentSchema = z.enum(['on-premises', 'cloud', 'on-device'])
/** Where a model runs, seen from whoever owns the studio. */
export type Deployment = z.infer<typeof deploymentSchema>

const capabilitySchema = z.enum(['tools', 'images', 'reasoning', 'json', 'embeddings'])
export type Capability = z.infer<typeof capabilitySchema>

const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9._:/-]*$/i, 'letters, digits and . _ : / - only')
const residencySchema = z.string().min(1).max(64)
/** Price of a million tokens, in the currency of the catalogue. */
const priceSchema = z.number().nonnegative().max(1_000_000)

const tierSchema = z.strictObject({
  input: priceSchema,
  output: priceSchema,
  /** As `input` when absent. */
  cacheRead: priceSchema.optional(),
  cacheWrite: priceSchema.optional(),
})

/** Prices, with other ones for requests above a number of input tokens. */
const priceTableSchema = tierSchema.extend({
  above: z.array(tierSchema.extend({ tokens: z.int().positive() })).optional(),
})

const pricesSchema = z.union([
  /** What the price list that ships with the studio says. */
  z.literal('list'),
  /** It costs nothing, as on one's own machine. */
  z.literal('free'),
  z.literal('unknown'),
  priceTableSchema,
])

const upstreamLimitsSchema = z.strictObject({
  /** Calls under way at the same time, from each process of the studio. */
  concurrent: z.int().positive().optional(),
  /** Calls that may wait for their turn before further ones are refused. */
  waiting: z.int().nonnegative().optional(),
  requestsPerMinute: z.int().positive().optional(),
  tokensPerMinute: z.int().positive().optional(),
})

const upstreamSchema = z.strictObject({
  /** What it speaks, see `upstreams/registry.ts`. */
  kind: z.enum([
    'openai-chat',
    'openai-responses',
    'openai-compatible',
    'anthropic',
    'google',
    'mistral',
    'bedrock',
    'azure',
  ]),
  /** Address of the API; the provider's own when absent. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Name under which the studio is handed its key; none for a server that asks for none. */
  credential: z.string().min(1).optional(),
  /** Further values by name that a kind needs, for example `secretAccessKey: AWS_SECRET_ACCESS_KEY`. */
  credentials: z.record(z.string(), z.string()).optional(),
  /** Plain settings of the kind, for example `region: eu-central-1`. */
  options: z.record(z.string(), z.string()).optional(),
  deployment: deploymentSchema,
  residency: residencySchema,
  /** Provider under which the price list has its models; follows from the kind when absent. */
  priceList: z.string().optional(),
  /** How long a connection may take to come about; 10 when absent. */
  connectSeconds: z.number().positive().max(300).optional(),
  limits: upstreamLimitsSchema.optional(),
})

const modelSchema = z.strictObject({
  upstream: z.string(),
  /** What the provider calls it; its id when absent. */
  name: z.string().min(1).optional(),
  /** Tokens of request and answer together. */
  context: z.int().positive(),
  maxOutput: z.int().positive(),
  /** `list` when absent. */
  prices: pricesSchema.optional(),
  capabilities: z.array(capabilitySchema).optional(),
  size: z.enum(['small', 'medium', 'large']),
  /** Those of its upstream when absent. */
  deployment: deploymentSchema.optional(),
  residency: residencySchema.optional(),
  /** The day from which the provider does not offer it any more. */
  retired: z.iso.date().optional(),
})

const settings = {
  /** Of all prices and costs. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** Whether a model without known price is refused, or used without counting money. */
  unknownPrices: z.enum(['refuse', 'allow']),
}

export const catalogueSchema = z.strictObject({
  ...settings,
  upstreams: z.record(nameSchema, upstreamSchema),
  models: z.record(nameSchema, modelSchema),
})

/** One of the files that make up the catalogue: each entry may say only what it changes; null takes one away. */
export const catalogueFileSchema = z.strictObject({
  currency: settings.currency.optional(),
  unknownPrices: settings.unknownPrices.optional(),
  upstreams: z.record(nameSchema, upstreamSchema.partial().nullable()).optional(),
  models: z.record(nameSchema, modelSchema.partial().nullable()).optional(),
})

export type UpstreamDefinition = Readonly<z.output<typeof upstreamSchema>> & { readonly id: string }
export type ModelDefinition = z.output<typeof modelSchema>
export type PriceTable = z.output<typeof priceTableSchema>
