import { z } from 'zod'
import { resultType } from './result-type.ts'

const line = z.string().min(1).max(1000)

const triageResultSchema = z.strictObject({
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  impact: line.describe('Who is affected, and how.'),
  hypothesis: line,
  evidence: z
    .array(z.strictObject({ source: line, says: line }))
    .min(1)
    .max(20),
  against: z.array(line).max(10).describe('What speaks against the hypothesis, or was not looked at.'),
  actions: z
    .array(z.strictObject({ what: line, reversible: z.boolean(), needsApproval: z.boolean() }))
    .max(10),
})

export const triageResult = resultType('triage', triageResultSchema, ({ actions }) => {
  const bold = actions.find(({ reversible, needsApproval }) => !reversible && !needsApproval)
  return bold && `actions: "${bold.what}" cannot be taken back and so needs an approval`
})
