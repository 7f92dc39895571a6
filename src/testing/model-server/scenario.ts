import { z } from 'zod'
import { protocolNames } from './conversation.ts'
import { faultNames } from './faults/index.ts'
import { givenNames, namesIn } from './templates.ts'

const milliseconds = { ms: 1, s: 1_000, m: 60_000 }

/** `50ms`, `2s`, `1m`; in milliseconds. */
const durationSchema = z
  .string()
  .regex(/^\d{1,6}(?:ms|s|m)$/, 'must be a duration such as 50ms, 2s or 1m')
  .transform((text) => {
    const number = /^\d+/.exec(text)?.[0] ?? '0'
    return Number(number) * milliseconds[text.slice(number.length) as keyof typeof milliseconds]
  })

/** A JavaScript regular expression in which `^` and `$` stand for the ends of lines. */
const patternSchema = z.string().transform((source, context) => {
  try {
    return new RegExp(source, 'm')
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    return z.NEVER
  }
})

/** `3`, `2..5` or `2..`. */
const turnSchema = z
  .union([z.int().positive(), z.string().regex(/^\d{1,6}\.\.\d{0,6}$/, 'must be a number, 2..5 or 2..')])
  .transform((turn) => {
    if (typeof turn === 'number') return { from: turn, to: turn }
    const [from = '', to = ''] = turn.split('..')
    return { from: Number(from), to: to === '' ? Infinity : Number(to) }
  })

function oneOrMore<T extends z.ZodType>(schema: T) {
  return z.union([schema.transform((one) => [one]), z.array(schema).min(1)])
}

const identifier = z.string().regex(/^[A-Za-z_]\w*$/, 'must be a word')

const conditionSchema = z.strictObject({
  /** Which answer of the model is asked for, from 1. */
  turn: turnSchema.optional(),
  /** Of the turns that fit, the first and then each one this much later. */
  every: z.int().positive().default(1),
  /** In what came in since the model last spoke: texts and results of tools. */
  last: patternSchema.optional(),
  /** In a result of a tool since the model last spoke; of this tool, if one is named. */
  result: z
    .union([
      patternSchema.transform((matches) => ({ tool: undefined, matches })),
      z.strictObject({ tool: z.string().optional(), matches: patternSchema }),
    ])
    .optional(),
  system: patternSchema.optional(),
  /** Anywhere in what was said, without the system's instructions. */
  anywhere: patternSchema.optional(),
  /** All of these tools are offered. */
  offers: oneOrMore(z.string()).optional(),
  /** Whether any tool is offered. */
  tools: z.boolean().optional(),
  model: patternSchema.optional(),
  protocol: z.enum(protocolNames).optional(),
})

const captureSchema = z.union([
  patternSchema.transform((matches) => ({ from: 'anywhere' as const, matches })),
  z.strictObject({
    from: z.enum(['last', 'results', 'system', 'anywhere']).default('anywhere'),
    matches: patternSchema,
  }),
])

const callSchema = z.strictObject({ tool: z.string().min(1), input: z.json().default({}) })

const partSchema = z.union([
  z.string().transform((text) => ({ kind: 'text' as const, text })),
  z.strictObject({ text: z.string() }).transform(({ text }) => ({ kind: 'text' as const, text })),
  z
    .strictObject({ reasoning: z.string() })
    .transform(({ reasoning }) => ({ kind: 'reasoning' as const, text: reasoning })),
  z
    .strictObject({ call: oneOrMore(callSchema) })
    .transform(({ call }) => ({ kind: 'call' as const, alternatives: call })),
  /** A command for whichever tool on offer runs commands, in the form that its schema asks for. */
  z
    .strictObject({ shell: z.string() })
    .transform(({ shell }) => ({ kind: 'shell' as const, command: shell })),
])

/** A fault's name; YAML reads `429` as a number. */
const faultSchema = z.preprocess(
  (name) => (typeof name === 'number' ? String(name) : name),
  z.enum(faultNames),
)

const misbehaviourSchema = z.union([
  z.strictObject({
    fault: faultSchema,
    /** How often the same conversation meets it before it is answered as if nothing had been. */
    times: z.int().positive().default(Infinity),
    /** Pieces of a stream that come before it. */
    after: z.int().nonnegative().optional(),
    /** Whole seconds for the header `retry-after`. */
    retryAfter: z.int().nonnegative().optional(),
    /** Size of huge output. */
    bytes: z.int().positive().max(268_435_456).optional(),
  }),
  faultSchema.transform((fault) => ({ fault, times: Infinity })),
])

/** Tokens that the server claims in place of those it counts; any number, as it may be wrong on purpose. */
const usageSchema = z.strictObject({
  input: z.number().optional(),
  output: z.number().optional(),
  cacheRead: z.number().optional(),
  cacheWrite: z.number().optional(),
  reasoning: z.number().optional(),
})
export type ScriptedUsage = z.infer<typeof usageSchema>

const answerFields = {
  /** Captured before the answer is made; a step whose captures find nothing does not match. */
  capture: z.record(identifier, captureSchema).default({}),
  answer: oneOrMore(partSchema).default([]),
  finish: z.enum(['stop', 'length', 'tool-calls', 'content-filter']).optional(),
  usage: z.union([z.literal('none'), usageSchema]).optional(),
  misbehave: oneOrMore(misbehaviourSchema).default([]),
  /** Time between pieces of a stream. */
  pace: durationSchema.optional(),
}

const stepSchema = z
  .strictObject({ name: z.string().optional(), when: conditionSchema.prefault({}), ...answerFields })
  .superRefine(({ answer, capture }, context) => {
    const known = new Set<string>([...givenNames, ...Object.keys(capture)])
    for (const name of namesIn(answer))
      if (!known.has(name))
        context.addIssue({ code: 'custom', path: ['answer'], message: `{{${name}}} is captured nowhere` })
  })

/** A scripted model: which conversation it answers with what. */
export const scenarioSchema = z.strictObject({
  /** Asking for a model of this name selects this scenario. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be lower-case letters, digits, dots and dashes'),
  description: z.string().optional(),
  /** Models it answers for, by name; `*` stands for anything. */
  models: z.array(z.string().min(1)).min(1).default(['*']),
  pace: durationSchema.optional(),
  /** The first step whose conditions hold answers. */
  steps: z.array(stepSchema).min(1),
})

/** A scenario as it is written. */
export type ScenarioSource = z.input<typeof scenarioSchema>
export type Scenario = z.infer<typeof scenarioSchema>
export type Step = z.infer<typeof stepSchema>
export type Condition = z.infer<typeof conditionSchema>
