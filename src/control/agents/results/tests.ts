import { z } from 'zod'
import { resultType } from './result-type.ts'

const line = z.string().min(1).max(1000)

const testsResultSchema = z.strictObject({
  status: z.enum(['written', 'none-needed']),
  summary: z.string().min(1).max(2000),
  tests: z
    .array(
      z.strictObject({
        file: line,
        name: line,
        shows: line.describe('What would have to be broken for this test to fail.'),
      }),
    )
    .max(50),
  notCovered: z.array(line).max(20),
})

export const testsResult = resultType('tests', testsResultSchema, ({ status, tests }, { changed }) => {
  if (status === 'written' && (!changed || tests.length === 0))
    return 'status is written, but there is no new test. Write one, or say none-needed and why.'
  if (status === 'none-needed' && changed) return 'status is none-needed, but files were changed.'
  return undefined
})
