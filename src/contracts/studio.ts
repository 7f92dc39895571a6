import { z } from 'zod'
import type { ErrorReport } from '../kernel/index.ts'
import type { Check, DiffSummary, Finding } from './change.ts'
import type { Cost } from './tool.ts'
import { labelsSchema, workItemSchema, workTaskSchema, type WorkKind } from './work.ts'
import type { RunStatus, StepStatus } from './workflow-definition.ts'

export const submissionSchema = z.strictObject({
  issue: z.object({ title: workItemSchema.shape.title, body: workItemSchema.shape.body }),
  repository: workItemSchema.shape.repository,
  testCommand: z.string().min(1).max(4096).optional(),
  /** What is to be done; read from the issue when nobody says it, as far as that is harmless. */
  task: workTaskSchema.optional(),
  labels: labelsSchema,
  /** That of the repository when absent, or the tenant's default project. */
  projectId: z.string().min(1).max(200).optional(),
  /** Whoever asks, as a person's short name; agents act on this person's behalf. */
  reporter: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'letters, digits, dots, dashes and underscores')
    .default('reporter'),
  /** Submitting the same key again yields the same run. */
  idempotencyKey: z.string().min(1).max(200).optional(),
})
export type Submission = z.input<typeof submissionSchema>

export const runOutcomeSchema = z.enum([
  'delivered',
  'unchanged',
  'escalated',
  'rejected',
  'failed',
  'cancelled',
])
export type RunOutcome = z.infer<typeof runOutcomeSchema>

/** What an agent has asked, and waits to be told. */
export interface QuestionView {
  readonly id: string
  readonly question: string
  /** What depends on the answer. */
  readonly why: string
  /** Answers that the agent has thought of. */
  readonly options: readonly string[]
  /** Id of the agent. */
  readonly askedBy: string
  /** ISO 8601. */
  readonly askedAt: string
  /** ISO 8601; afterwards the agent's work ends without an answer. */
  readonly expiresAt: string
}

interface StepView {
  readonly id: string
  readonly title: string
  readonly kind: string
  readonly status: StepStatus
  readonly attempts: number
  /** ISO 8601. */
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly error: ErrorReport | null
  /** Ids of the steps that come before. */
  readonly needs: readonly string[]
}

/** What was tried without success, readable in ten seconds. */
export const escalationSchema = z.object({
  hypothesis: z.string(),
  attempts: z.array(z.object({ what: z.string(), result: z.string() })),
  failingTests: z.array(z.object({ id: z.string(), message: z.string() })),
  suspects: z.array(z.object({ place: z.string(), why: z.string() })),
  hints: z.array(z.object({ description: z.string(), patch: z.string() })),
})
export type Escalation = z.infer<typeof escalationSchema>

/** What somebody may do about a run now. */
export const runRightSchema = z.enum(['decide', 'answer', 'comment', 'cancel', 'resume'])
export type RunRight = z.infer<typeof runRightSchema>

export interface RunReport {
  readonly asked: string
  /** What was asked, in the words of whoever did; of a long text the beginning. */
  readonly description: string
  readonly kind: WorkKind
  /** What the project's own tools found, a line each. */
  readonly found: readonly string[]
  /** What was verified for this kind of work, beside the tests. */
  readonly checks: readonly Check[]
  readonly explanation: string | null
  readonly patch: string | null
  readonly summary: DiffSummary | null
  /** Share of certainty 0 … 1 that a repair is what a maintainer would accept. */
  readonly confidence: number | null
  readonly proof: {
    readonly command: string
    readonly fixed: readonly string[]
    readonly passed: number
    readonly failed: number
    readonly stillFailing: readonly string[]
  } | null
  readonly findings: readonly Finding[]
  /** What a person should look at before approving. */
  readonly attention: readonly string[]
  readonly escalation: Escalation | null
  /** While the run waits for an answer. */
  readonly question: QuestionView | null
  readonly approval: {
    readonly status: 'pending' | 'approved' | 'rejected' | 'void' | 'expired'
    readonly subject: string
    readonly decidedBy: string | null
    readonly reason: string | null
  } | null
  readonly published: { readonly remote: string; readonly branch: string; readonly commit: string } | null
  readonly cost: Cost
  readonly seconds: number
}

export interface RunSummary {
  readonly id: string
  readonly title: string
  readonly status: RunStatus
  /** Null until the run has ended. */
  readonly outcome: RunOutcome | null
  /** Location of the repository. */
  readonly repository: string
  /** Principal id of the person who asked. */
  readonly requester: string
  readonly projectId: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly endedAt: string | null
}

export interface RunView extends RunSummary {
  readonly workflow: { readonly name: string; readonly digest: string }
  readonly steps: readonly StepView[]
  readonly error: ErrorReport | null
  /** Of whoever looks at it. */
  readonly may: readonly RunRight[]
  readonly report: RunReport
}

export interface RunEventView {
  readonly sequence: number
  /** ISO 8601. */
  readonly time: string
  readonly stepId: string | null
  readonly kind: string
  readonly data: Readonly<Record<string, unknown>>
}
