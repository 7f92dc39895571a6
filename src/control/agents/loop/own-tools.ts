import { z } from 'zod'
import type { ModelTool } from '../../../contracts/index.ts'
import { jsonSchemaOf } from '../json-schema.ts'

export const moreInputSchema = z.strictObject({
  handle: z.string().describe('As the elided result names it.'),
  from: z.int().nonnegative().default(0).describe('Character to begin with.'),
})

export const planInputSchema = z.strictObject({
  plan: z.string().min(1).max(8000).describe('The whole plan as it now stands, in a few lines.'),
  hypothesis: z.string().max(1000).optional().describe('What you believe the cause is, in a sentence.'),
  decisions: z
    .array(z.string().min(1).max(500))
    .max(10)
    .default([])
    .describe('What was decided since the last time, and why; a line each.'),
})

export const askInputSchema = z.strictObject({
  question: z.string().min(1).max(2000),
  why: z.string().min(1).max(2000).describe('What depends on the answer.'),
  options: z.array(z.string().min(1).max(300)).max(6).default([]),
})

interface OwnTool {
  readonly description: string
  readonly input: z.ZodType
}

/**
 * Tools that the loop itself performs, on nothing but its own state, by the names of agent files. `more` and `finish` need
 * no grant.
 */
export const ownTools: ReadonlyMap<string, OwnTool> = new Map<string, OwnTool>([
  [
    'more',
    {
      description: 'Shows more of a result that was too long to show at once.',
      input: moreInputSchema,
    },
  ],
  [
    'notes.plan',
    {
      description:
        'Keeps your plan, your hypothesis and your decisions. They are shown to you for as long as you work; other things are left out when there is too much.',
      input: planInputSchema,
    },
  ],
  [
    'person.ask',
    {
      description:
        'Asks a person and waits for the answer, which may take days. Ask only what you cannot find out yourself and what changes what you do.',
      input: askInputSchema,
    },
  ],
])

/** The tools that the agent may use and the loop performs, as a model is told of them. */
export function grantedOwnTools(grants: readonly string[]): [name: string, tool: ModelTool][] {
  return [...ownTools]
    .filter(([name]) => name === 'more' || grants.includes(name))
    .map(([name, { description, input }]) => [
      name,
      { name: name.replace('.', '_'), description, input: jsonSchemaOf(input) },
    ])
}
