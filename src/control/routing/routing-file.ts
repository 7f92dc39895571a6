import { readFile } from 'node:fs/promises'
import { Environment } from '@marcbachmann/cel-js'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Digest, digestOf } from '../../kernel/index.ts'
import { routingErrors } from './errors.ts'
import { countNames, type WorkFacts } from './work-facts.ts'

const nameSchema = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'small letters, digits and dashes')

const tierSchema = z.strictObject({
  name: nameSchema,
  agent: nameSchema,
  /** Absent for an agent that needs no model. */
  route: nameSchema.optional(),
  /** The most difficult work that is tried here first, 0 … 1. */
  difficulty: z.number().min(0).max(1).default(1),
})
export type Tier = z.infer<typeof tierSchema>

const ruleSchema = z.strictObject({
  name: nameSchema,
  when: z.string().min(1).max(2000),
  /** The tier of a model to start with. */
  start: nameSchema,
  /** Tiers before it that are tried all the same. */
  keep: z.array(nameSchema).default([]),
  why: z.string().min(1).max(200),
})

const classifierSchema = z.strictObject({
  bias: z.number(),
  /** By name of a count of the work; each is weighed by the logarithm of the count plus one. */
  weights: z.partialRecord(z.enum(countNames), z.number()),
  /** Recorded attempts of a tier at a like difficulty from which on they count. */
  trust: z.int().positive(),
  /** A tier that solves less than this share of like work is passed over. */
  least: z.number().min(0).max(1),
})
export type Classifier = z.infer<typeof classifierSchema>

const fileSchema = z.strictObject({
  version: z.int().positive(),
  tiers: z.array(tierSchema).min(1).max(20),
  rules: z.array(ruleSchema).max(200).default([]),
  classifier: classifierSchema,
  attempts: z.int().min(1).max(10).default(3),
})

export interface Rule extends Omit<z.infer<typeof ruleSchema>, 'when'> {
  /** Throws ATL_ROUTING_RULE_FAILS. */
  holds(work: WorkFacts): boolean
}

/** How work is routed, as data that people review. */
export interface RoutingPolicy {
  readonly version: number
  /** Cheapest first. */
  readonly tiers: readonly Tier[]
  readonly rules: readonly Rule[]
  readonly classifier: Classifier
  /** Tiers of models that one run may try. */
  readonly attempts: number
  /** Over the text of the file, recorded with every decision. */
  readonly digest: Digest
}

/** @throws ATL_ROUTING_FILE_INVALID */
export async function loadRoutingPolicy(file: string): Promise<RoutingPolicy> {
  try {
    return parseRoutingPolicy(await readFile(file, 'utf8'), file)
  } catch (cause) {
    if (cause instanceof Error && 'syscall' in cause)
      throw routingErrors.FILE_INVALID({ detail: cause.message, cause })
    throw cause
  }
}

/** @throws ATL_ROUTING_FILE_INVALID */
export function parseRoutingPolicy(text: string, file: string): RoutingPolicy {
  const invalid = (detail: string, cause?: unknown) =>
    routingErrors.FILE_INVALID({ detail: `${file}: ${detail}`, cause })
  let content: unknown
  try {
    content = parse(text, { maxAliasCount: 0 })
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : 'not YAML', cause)
  }
  const parsed = fileSchema.safeParse(content)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { version, tiers, rules, classifier, attempts } = parsed.data
  const known = new Map(tiers.map((tier) => [tier.name, tier]))
  if (known.size < tiers.length) throw invalid('two tiers have the same name')
  for (const { name, start, keep } of rules) {
    for (const tier of [start, ...keep])
      if (!known.has(tier)) throw invalid(`rule ${name} names ${tier}, which is no tier`)
    if (known.get(start)?.route === undefined)
      throw invalid(`rule ${name} starts with ${start}, which has no route`)
  }
  return {
    version,
    tiers,
    classifier,
    attempts,
    rules: rules.map(({ when, ...rule }) => ({ ...rule, holds: compile(rule.name, when, invalid) })),
    digest: digestOf(text),
  }
}

const environment = new Environment({ limits: { maxAstNodes: 500, maxDepth: 32 } }).registerVariable(
  'work',
  'dyn',
)

function compile(
  rule: string,
  when: string,
  invalid: (detail: string, cause: unknown) => Error,
): Rule['holds'] {
  try {
    const expression = environment.parse(when)
    const checked = expression.check()
    if (!checked.valid) throw checked.error ?? new Error('the expression is not valid')
    return (work) => {
      try {
        return expression({ work: celValue(work) }) === true
      } catch (cause) {
        throw routingErrors.RULE_FAILS({
          detail: `${rule}: ${cause instanceof Error ? cause.message : ''}`,
          cause,
        })
      }
    }
  } catch (cause) {
    throw invalid(`rule ${rule}: ${cause instanceof Error ? cause.message : 'not an expression'}`, cause)
  }
}

/** CEL knows integers apart from other numbers; all counts are integers. */
function celValue(work: WorkFacts): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(work).map(([name, value]) => [name, typeof value === 'number' ? BigInt(value) : value]),
  )
}
