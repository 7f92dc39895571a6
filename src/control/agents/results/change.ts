import { z } from 'zod'
import { resultType } from './result-type.ts'

const line = z.string().min(1).max(1000)

/** What a developer says about a change. It is a claim: the studio's own verification decides. */
export const changeResultSchema = z.strictObject({
  status: z
    .enum(['done', 'partial', 'no-change-needed'])
    .describe('done: the goal is met. partial: something is left, see remaining.'),
  cause: z.string().max(2000).describe('Why it was wrong, or what was missing, with places as file:line.'),
  summary: z.string().min(1).max(2000).describe('What was changed and why it is right, for the reviewer.'),
  files: z.array(z.strictObject({ path: line, what: line })).max(100),
  tested: z.string().max(1000).describe('What was run, and what it said.'),
  remaining: z.array(line).max(20).describe('What is left or doubtful; empty if nothing is.'),
})

export type ChangeResult = z.infer<typeof changeResultSchema>

export const changeResult = resultType('change', changeResultSchema, ({ status }, { changed, failing }) => {
  if (status === 'done' && !changed)
    return 'status is done, but no file was changed. Change what has to be changed, or say no-change-needed and why.'
  if (status === 'no-change-needed' && changed)
    return 'status is no-change-needed, but files were changed. Take the changes back, or say what they are for.'
  if (status === 'done' && failing.length > 0)
    return `status is done, but in the last run failed: ${failing.slice(0, 5).join(', ')}. Run the tests again if that was mended, go on, or say partial.`
  return undefined
})
