import { z } from 'zod'
import { diffSummarySchema, findingSchema } from './change.ts'
import { workItemSchema } from './work.ts'
import { runStatusSchema, stepStatusSchema } from './workflow-definition.ts'

/** How an error looks in every answer of the studio. */
const errorReportSchema = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()),
})

export const submissionSchema = z.strictObject({
  issue: z.object({ title: workItemSchema.shape.title, body: workItemSchema.shape.body }),
  repository: workItemSchema.shape.repository,
  testCommand: z.string().min(1).max(4096).optional(),
  /** Whoever asks, as a person's short name; agents act on this person's behalf. */
  reporter: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'letters, digits, dots, dashes and underscores')
    .default('reporter'),
  /** Submitting the same key again yields the same run. */
  idempotencyKey: z.string().min(1).max(200).optional(),
})
export type Submission = z.input<typeof submissionSchema>

export const runOutcomeSchema = z.enum(['delivered', 'escalated', 'rejected', 'failed', 'cancelled'])
export type RunOutcome = z.infer<typeof runOutcomeSchema>

const stepViewSchema = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.string(),
  status: stepStatusSchema,
  attempts: z.int(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  error: errorReportSchema.nullable(),
})
/** What was tried without success, readable in ten seconds. */
export const escalationSchema = z.object({
  hypothesis: z.string(),
  attempts: z.array(z.object({ what: z.string(), result: z.string() })),
  failingTests: z.array(z.object({ id: z.string(), message: z.string() })),
  suspects: z.array(z.object({ place: z.string(), why: z.string() })),
  hints: z.array(z.object({ description: z.string(), patch: z.string() })),
})
export type Escalation = z.infer<typeof escalationSchema>

const runReportSchema = z.object({
  asked: z.string(),
  explanation: z.string().nullable(),
  patch: z.string().nullable(),
  summary: diffSummarySchema.nullable(),
  /** Share of certainty 0 … 1 that the repair is what a maintainer would accept. */
  confidence: z.number().nullable(),
  proof: z
    .object({
      command: z.string(),
      fixed: z.array(z.string()),
      passed: z.int(),
      failed: z.int(),
      stillFailing: z.array(z.string()),
    })
    .nullable(),
  findings: z.array(findingSchema),
  /** What a person should look at before approving. */
  attention: z.array(z.string()),
  escalation: escalationSchema.nullable(),
  approval: z
    .object({
      status: z.enum(['pending', 'approved', 'rejected', 'void', 'expired']),
      subject: z.string(),
      decidedBy: z.string().nullable(),
      reason: z.string().nullable(),
    })
    .nullable(),
  published: z.object({ remote: z.string(), branch: z.string(), commit: z.string() }).nullable(),
  cost: z.object({ money: z.number(), tokens: z.number(), toolCalls: z.number(), seconds: z.number() }),
  seconds: z.number(),
})
export type RunReport = z.infer<typeof runReportSchema>

const runSummarySchema = z.object({
  id: z.string(),
  title: z.string(),
  status: runStatusSchema,
  outcome: runOutcomeSchema.nullable(),
  repository: z.string(),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
})
export type RunSummary = z.infer<typeof runSummarySchema>

const runViewSchema = runSummarySchema.extend({
  workflow: z.object({ name: z.string(), digest: z.string() }),
  steps: z.array(stepViewSchema),
  error: errorReportSchema.nullable(),
  report: runReportSchema,
})
export type RunView = z.infer<typeof runViewSchema>

const runEventViewSchema = z.object({
  sequence: z.int(),
  time: z.iso.datetime(),
  stepId: z.string().nullable(),
  kind: z.string(),
  data: z.record(z.string(), z.unknown()),
})
export type RunEventView = z.infer<typeof runEventViewSchema>
