import { z } from 'zod'
import { resultType } from './result-type.ts'

const line = z.string().min(1).max(1000)

const planResultSchema = z.strictObject({
  goal: line.describe('What will be true when all is done, in one sentence.'),
  acceptance: z.array(line).min(1).max(20).describe('How a person or a test can tell, one observation each.'),
  steps: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
        title: line,
        why: line,
        places: z.array(line).max(20).describe('Files, with lines where known.'),
        needs: z.array(z.string()).max(20).describe('Ids of steps that come before.'),
      }),
    )
    .min(1)
    .max(20),
  risks: z.array(line).max(10),
  questions: z.array(line).max(5).describe('What only a person can answer and what changes the plan.'),
})

export const planResult = resultType('plan', planResultSchema, ({ steps }) => {
  const before = new Set<string>()
  for (const { id, needs } of steps) {
    if (before.has(id)) return `steps: ${id} stands there twice`
    const unknown = needs.find((needed) => !before.has(needed))
    if (unknown !== undefined)
      return `steps: ${id} needs ${unknown}, which is not a step before it. Put steps in an order in which they can be done.`
    before.add(id)
  }
  return undefined
})
