import { z } from 'zod'
import { findingSchema } from '../../../contracts/index.ts'
import { resultType } from './result-type.ts'

const line = z.string().min(1).max(1000)

const consolidationResultSchema = z.strictObject({
  recommendation: z.enum(['approve', 'approve-with-remarks', 'change-first']),
  headline: line.describe('The one thing to know, in a sentence.'),
  findings: z
    .array(
      z.strictObject({
        ...findingSchema.shape,
        sources: z.array(line).min(1).max(10).describe('Who found it.'),
      }),
    )
    .max(50)
    .describe('Most severe first, each once.'),
  conflicts: z
    .array(z.strictObject({ about: line, positions: z.array(line).min(2).max(6), resolution: line }))
    .max(10),
  attention: z.array(line).max(5).describe('What a person should look at before deciding.'),
})

const severities = ['critical', 'high', 'medium', 'low', 'info']

export const consolidationResult = resultType(
  'consolidation',
  consolidationResultSchema,
  ({ recommendation, findings }) => {
    const ranks = findings.map(({ severity }) => severities.indexOf(severity))
    if (ranks.some((rank, index) => rank < (ranks[index - 1] ?? 0)))
      return 'findings: they do not stand in order, most severe first'
    if (recommendation === 'approve' && ranks.some((rank) => rank <= 1))
      return 'recommendation is approve, but there is a finding that is high or critical'
    return undefined
  },
)
