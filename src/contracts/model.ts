import { z } from 'zod'

const jsonValue = z.json()

/** What a provider wants back with a part as it gave it, by provider: signatures of reasoning, marks of its cache. */
const providerDataSchema = z.record(z.string(), z.record(z.string(), jsonValue))

const textPartSchema = z.object({
  kind: z.literal('text'),
  text: z.string(),
  providerData: providerDataSchema.optional(),
})

const reasoningPartSchema = z.object({
  kind: z.literal('reasoning'),
  text: z.string(),
  providerData: providerDataSchema.optional(),
})

/** A file or image, by value. */
const filePartSchema = z.object({
  kind: z.literal('file'),
  mediaType: z.string(),
  /** Base64, or an address that the provider fetches. */
  data: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('base64'), base64: z.string() }),
    z.object({ kind: z.literal('url'), url: z.url() }),
  ]),
  providerData: providerDataSchema.optional(),
})

const toolCallPartSchema = z.object({
  kind: z.literal('tool-call'),
  id: z.string(),
  tool: z.string(),
  /** As the model wrote it: JSON text if all is well, anything else if it is not. */
  input: z.string(),
  providerData: providerDataSchema.optional(),
})

const toolResultPartSchema = z.object({
  kind: z.literal('tool-result'),
  id: z.string(),
  tool: z.string(),
  text: z.string(),
  /** The tool failed; `text` says why. */
  failed: z.boolean(),
  providerData: providerDataSchema.optional(),
})

const modelMessageSchema = z.discriminatedUnion('role', [
  z.object({ role: z.literal('system'), content: z.string(), providerData: providerDataSchema.optional() }),
  z.object({
    role: z.literal('user'),
    content: z.array(z.discriminatedUnion('kind', [textPartSchema, filePartSchema])),
  }),
  z.object({
    role: z.literal('assistant'),
    content: z.array(z.discriminatedUnion('kind', [textPartSchema, reasoningPartSchema, toolCallPartSchema])),
  }),
  z.object({ role: z.literal('tool'), content: z.array(toolResultPartSchema) }),
])
/** One message of a conversation with a model, whatever the provider. */
export type ModelMessage = z.infer<typeof modelMessageSchema>

const modelToolSchema = z.object({
  name: z.string(),
  description: z.string(),
  /** JSON Schema of the input. */
  input: z.record(z.string(), jsonValue),
  providerData: providerDataSchema.optional(),
})
export type ModelTool = z.infer<typeof modelToolSchema>

export const modelRequestSchema = z.object({
  /** A model of the catalogue, or a route over several. */
  model: z.string(),
  messages: z.array(modelMessageSchema),
  tools: z.array(modelToolSchema).optional(),
  toolChoice: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('auto') }),
      z.object({ kind: z.literal('none') }),
      z.object({ kind: z.literal('required') }),
      z.object({ kind: z.literal('tool'), tool: z.string() }),
    ])
    .optional(),
  maxOutputTokens: z.int().positive().optional(),
  temperature: z.number().optional(),
  topP: z.number().optional(),
  topK: z.int().optional(),
  presencePenalty: z.number().optional(),
  frequencyPenalty: z.number().optional(),
  seed: z.int().optional(),
  stop: z.array(z.string()).optional(),
  /** JSON output, after a JSON Schema if one is given. */
  output: z
    .object({ name: z.string().optional(), schema: z.record(z.string(), jsonValue).optional() })
    .optional(),
  reasoning: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
  providerData: providerDataSchema.optional(),
})
/** What is asked of a model: everything that decides the answer, and nothing about how it is fetched. */
export type ModelRequest = z.infer<typeof modelRequestSchema>

const modelUsageSchema = z.object({
  /** Tokens of the prompt, with those read from and written to the provider's cache. */
  input: z.int().nonnegative(),
  /** Tokens of the answer, with those of reasoning. */
  output: z.int().nonnegative(),
  cacheRead: z.int().nonnegative(),
  cacheWrite: z.int().nonnegative(),
  reasoning: z.int().nonnegative(),
  /** Who counted: the provider, or the studio where a provider said nothing (or what cannot be). */
  source: z.enum(['provider', 'counted']),
})
export type ModelUsage = z.infer<typeof modelUsageSchema>

const modelProvenanceSchema = z.object({
  /** Id in the catalogue. */
  model: z.string(),
  /** What the provider says has answered. */
  version: z.string(),
  provider: z.string(),
  /** Where it was asked, without credentials. */
  endpoint: z.string(),
  /** The route that led here, and the upstreams that failed before, in order, with the code of each failure. */
  route: z.string(),
  failedBefore: z.array(z.object({ upstream: z.string(), code: z.string() })),
  /** Answered from the exact cache. */
  cached: z.boolean(),
})
export type ModelProvenance = z.infer<typeof modelProvenanceSchema>

export const modelResponseSchema = z.object({
  content: z.array(z.discriminatedUnion('kind', [textPartSchema, reasoningPartSchema, toolCallPartSchema])),
  finish: z.enum(['stop', 'length', 'tool-calls', 'content-filter', 'error', 'other']),
  usage: modelUsageSchema,
  /** Millionths of the currency; null where the price is unknown. */
  cost: z.int().nonnegative().nullable(),
  /** How long it took from asking to the end of the answer; on the record with it, so that a replay counts the same. */
  milliseconds: z.int().nonnegative().optional(),
  provenance: modelProvenanceSchema,
})
export type ModelResponse = z.infer<typeof modelResponseSchema>

/** A piece of an answer while it arrives. `finished` is the last one and holds all of it. */
export type ModelEvent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'tool-call-started'; readonly id: string; readonly tool: string }
  | { readonly kind: 'tool-call-input'; readonly id: string; readonly text: string }
  | { readonly kind: 'tool-call-ended'; readonly id: string }
  | { readonly kind: 'finished'; readonly response: ModelResponse }

/** How the studio asks a model. Whoever holds one asks in the name of one step, with its budget and its models. */
export interface ModelClient {
  /**
   * Asks and waits for the whole answer. The same `key` within a step is the same call: once answered, it is answered
   * from the record and charged once.
   * @throws errors of the areas MODEL, DOOR, POLICY and BUDGET.
   */
  ask(
    request: ModelRequest,
    options: {
      readonly key: string
      readonly signal: AbortSignal
      /** Pieces of the answer while they arrive; not called for an answer from the record. */
      readonly onEvent?: (event: ModelEvent) => void
      /** Version of the prompt, for the record. */
      readonly prompt?: string
    },
  ): Promise<ModelResponse>
}
