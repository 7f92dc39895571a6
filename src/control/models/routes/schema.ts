import { z } from 'zod'
import { deploymentSchema } from '../catalogue/schema.ts'

/** Failures that another model may well not have, and that say nothing against the request. */
export const defaultFallback = [
  'rate-limited',
  'overloaded',
  'server-error',
  'timeout',
  'unreachable',
  'cut-off',
  'invalid-answer',
  'circuit-open',
  'queue-full',
  'authentication',
  'context-too-long',
] as const

/** What a fallback can answer to. */
const fallbackClasses = [...defaultFallback, 'content-filter', 'refused'] as const

const seconds = z
  .number()
  .positive()
  .max(24 * 3600)

const settingsSchema = z.strictObject({
  /** What decides which of several targets is asked: the same run, step or call always gets the same one. */
  assignBy: z.enum(['run', 'step', 'call']).optional(),
  /** Further attempts at the same target after a failure that may pass. */
  retries: z.int().nonnegative().max(10).optional(),
  /** Attempts after an answer that was cut off before anything of it was passed on. Each is reserved for. */
  cutOffRetries: z.int().nonnegative().max(3).optional(),
  backoff: z.strictObject({ first: seconds, longest: seconds }).optional(),
  deadlines: z
    .strictObject({ firstToken: seconds, betweenTokens: seconds, total: seconds })
    .partial()
    .optional(),
  /** Which answers are kept for the same question: none, those of temperature 0, or all. */
  cache: z.enum(['never', 'deterministic', 'always']).optional(),
  cacheSeconds: seconds.optional(),
  /** Tokens of an answer at most, also where the request names no limit. */
  maxOutputTokens: z.int().positive().optional(),
  limits: z
    .strictObject({ requestBytes: z.int().positive(), answerBytes: z.int().positive() })
    .partial()
    .optional(),
  /** Where what is asked may be processed. */
  places: z
    .strictObject({ deployments: z.array(deploymentSchema), residencies: z.array(z.string()) })
    .partial()
    .optional(),
})

const routeSchema = settingsSchema.extend({
  targets: z.array(z.strictObject({ model: z.string(), weight: z.number().nonnegative().optional() })).min(1),
  /** In this order; each after failures of the classes named, or of all that another model may not have. */
  fallback: z
    .array(z.strictObject({ model: z.string(), on: z.array(z.enum(fallbackClasses)).min(1).optional() }))
    .optional(),
})

export const routesSchema = z.strictObject({
  /** What holds for routes that do not say otherwise, and for models asked for by their id. */
  defaults: settingsSchema,
  routes: z.record(z.string().min(1), routeSchema),
  /** Further names of routes and models, for example those that agents ask for. */
  aliases: z.record(z.string().min(1), z.string()),
})

/** One of the files that make up the routes: a route is replaced as a whole; null takes one away. */
export const routesFileSchema = z.strictObject({
  defaults: settingsSchema.optional(),
  routes: z.record(z.string().min(1), routeSchema.nullable()).optional(),
  aliases: z.record(z.string().min(1), z.string().nullable()).optional(),
})

export type RouteSettings = z.output<typeof settingsSchema>
export type RouteDefinition = z.output<typeof routeSchema>
