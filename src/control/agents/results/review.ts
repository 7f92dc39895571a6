import { z } from 'zod'
import { findingSchema } from '../../../contracts/index.ts'
import { resultType } from './result-type.ts'

const reviewResultSchema = z.strictObject({
  summary: z.string().min(1).max(1000).describe('What a person should know in ten seconds.'),
  findings: z
    .array(
      z.strictObject({
        ...findingSchema.shape,
        evidence: z.string().min(1).max(2000).describe('The code or output that shows it, quoted.'),
      }),
    )
    .max(50),
  checked: z.array(z.string().min(1).max(300)).min(1).max(50).describe('What was looked at, and for what.'),
})

export const reviewResult = resultType('review', reviewResultSchema, ({ findings }) => {
  const nowhere = findings.find(
    ({ severity, file }) => (severity === 'high' || severity === 'critical') && file === undefined,
  )
  return nowhere && `findings: ${nowhere.rule} is ${nowhere.severity} and names no file`
})
