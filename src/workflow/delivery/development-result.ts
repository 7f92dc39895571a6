import { z } from 'zod'
import { changeSchema, escalationSchema, findingSchema, verdictSchema } from '../../contracts/index.ts'

const attemptSchema = z.object({
  tier: z.string(),
  agent: z.string(),
  route: z.string(),
  outcome: z.string(),
  detail: z.string(),
})

/** What came of work that an agent did with a model: a change that the studio itself has verified, or what was tried. */
export const developmentResultSchema = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('changed'),
    tree: z.string(),
    change: changeSchema,
    /** What the agent says of its change; a claim. */
    explanation: z.string(),
    findings: z.array(findingSchema),
    verdict: verdictSchema,
    attempts: z.array(attemptSchema),
  }),
  z.object({
    outcome: z.literal('escalated'),
    escalation: escalationSchema,
    attempts: z.array(attemptSchema),
  }),
])
export type DevelopmentResult = z.infer<typeof developmentResultSchema>
export type DevelopmentAttempt = z.infer<typeof attemptSchema>
