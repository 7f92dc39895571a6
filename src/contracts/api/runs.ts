import { z } from 'zod'
import {
  diffSummarySchema,
  escalationSchema,
  findingSchema,
  runOutcomeSchema,
  runRightSchema,
} from '../index.ts'
import { idSchema, runParams, timeSchema } from './identifiers.ts'
import { defineOperation, eventStream, pageOf, pageQuery } from './operation.ts'

export const runStatusSchema = z.enum(['running', 'waiting', 'succeeded', 'failed', 'cancelled'])

export const stepStatusSchema = z.enum([
  'pending',
  'ready',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
  'compensated',
])

/** A failure as it is kept with a run or a step. */
export const failureSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
    retryable: z.boolean(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Failure' })

const runSummarySchema = z
  .object({
    id: z.string(),
    title: z.string(),
    status: runStatusSchema,
    /** Null until the run has ended. */
    outcome: runOutcomeSchema.nullable(),
    /** Location of the repository. */
    repository: z.string(),
    /** Principal id of the person who asked. */
    requester: z.string(),
    projectId: z.string(),
    createdAt: timeSchema,
    endedAt: timeSchema.nullable(),
  })
  .meta({ id: 'RunSummary' })

const stepSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    kind: z.string(),
    status: stepStatusSchema,
    attempts: z.int(),
    startedAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
    error: failureSchema.nullable(),
    /** Ids of the steps that come before. */
    needs: z.array(z.string()),
  })
  .meta({ id: 'Step' })

export const costSchema = z
  .object({
    /** Millionths of the currency. */
    money: z.int(),
    tokens: z.int(),
    toolCalls: z.int(),
    seconds: z.int(),
  })
  .meta({ id: 'Cost' })

const quantiles = z.object({ p50: z.number(), p90: z.number() })

/** What past runs used, the last hundred that ended by themselves; null where there are none. */
export const estimateSchema = z
  .object({
    runs: z.int(),
    /** Share that ended with a change delivered, 0 … 1. */
    delivered: z.number(),
    /** Millionths of the currency. */
    money: quantiles,
    tokens: quantiles,
    seconds: quantiles,
  })
  .meta({ id: 'Estimate' })

export const questionSchema = z
  .object({
    id: z.string(),
    question: z.string(),
    /** What depends on the answer. */
    why: z.string(),
    /** Answers that the agent has thought of. */
    options: z.array(z.string()),
    askedBy: z.string(),
    askedAt: timeSchema,
    /** Afterwards the agent's work ends without an answer. */
    expiresAt: timeSchema,
  })
  .meta({ id: 'Question' })

const runReportSchema = z
  .object({
    asked: z.string(),
    /** What was asked, in the words of whoever did; of a long text the beginning. */
    description: z.string(),
    kind: z.enum(['repair', 'lint-fix', 'format', 'codemod', 'dependency-update']),
    found: z.array(z.string()),
    checks: z.array(z.object({ name: z.string(), holds: z.boolean(), detail: z.string() })),
    explanation: z.string().nullable(),
    patch: z.string().nullable(),
    summary: diffSummarySchema.nullable(),
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
    question: questionSchema.nullable(),
    approval: z
      .object({
        status: z.enum(['pending', 'approved', 'rejected', 'void', 'expired']),
        subject: z.string(),
        decidedBy: z.string().nullable(),
        reason: z.string().nullable(),
      })
      .nullable(),
    published: z.object({ remote: z.string(), branch: z.string(), commit: z.string() }).nullable(),
    cost: costSchema,
    seconds: z.number(),
  })
  .meta({ id: 'RunReport' })

const runSchema = runSummarySchema
  .extend({
    workflow: z.object({ name: z.string(), digest: z.string() }),
    steps: z.array(stepSchema),
    error: failureSchema.nullable(),
    /** What the caller may do about it, by their roles. */
    may: z.array(runRightSchema),
    report: runReportSchema,
  })
  .meta({ id: 'Run' })

const runEventSchema = z
  .object({
    /** Counts from 1 within the run, without gaps. */
    sequence: z.int(),
    time: timeSchema,
    stepId: z.string().nullable(),
    kind: z.string(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'RunEvent' })

export const listRuns = defineOperation({
  id: 'listRuns',
  method: 'GET',
  path: '/api/v1/runs',
  tag: 'runs',
  summary: 'Runs, newest first',
  description:
    'With `text`, or with `repository` and another filter, one page looks at a bounded number of runs, so it may be short, ' +
    'or empty, without being the last: `next` says.',
  access: { action: 'read-project', resource: 'project' },
  query: z.strictObject({
    ...pageQuery,
    status: runStatusSchema.optional(),
    outcome: runOutcomeSchema.optional(),
    projectId: idSchema.optional(),
    /** Location of the repository, exactly. */
    repository: z.string().min(1).max(4096).optional(),
    /** Principal id of whoever asked. */
    requester: idSchema.optional(),
    /** Words, or parts of words, that the title holds in any order; or a part of the run's id. */
    text: z.string().min(1).max(200).optional(),
  }),
  answer: { 200: pageOf(runSummarySchema) },
})

export const getRun = defineOperation({
  id: 'getRun',
  method: 'GET',
  path: '/api/v1/runs/{runId}',
  tag: 'runs',
  summary: 'One run with its steps and its report',
  access: { action: 'read-run', resource: 'run' },
  params: runParams,
  answer: { 200: runSchema },
})

export const watchRun = defineOperation({
  id: 'watchRun',
  method: 'GET',
  path: '/api/v1/runs/{runId}/events',
  tag: 'runs',
  summary: 'What happens in a run, as it happens, until it has ended',
  description:
    'Resumes after the event named by `Last-Event-ID`; the ids are the sequence numbers of the events.',
  access: { action: 'read-run', resource: 'run' },
  params: runParams,
  query: z.strictObject({
    /** False: only what has happened so far. */
    follow: z.boolean().default(true),
  }),
  answer: { 200: eventStream(runEventSchema) },
})

export const decideRun = defineOperation({
  id: 'decideRun',
  method: 'POST',
  path: '/api/v1/runs/{runId}/decision',
  tag: 'runs',
  summary: 'Approve or reject what a run waits with',
  description: '`decideApproval` decides about one approval, and can ask for changes.',
  access: { action: 'decide-approval', resource: 'approval' },
  params: runParams,
  body: z.strictObject({
    decision: z.enum(['approved', 'rejected']),
    reason: z.string().max(4000).optional(),
    /** Digest of what the person was shown; whatever is pending when absent. */
    subject: z.string().min(1).max(200).optional(),
  }),
  answer: { 200: runSchema },
})

export const cancelRun = defineOperation({
  id: 'cancelRun',
  method: 'POST',
  path: '/api/v1/runs/{runId}/cancellation',
  tag: 'runs',
  summary: 'Stop a run and undo what can be undone',
  access: { action: 'cancel-run', resource: 'run' },
  params: runParams,
  body: z.strictObject({ reason: z.string().min(1).max(2000) }),
  answer: { 200: runSchema },
})

export const replyToRun = defineOperation({
  id: 'replyToRun',
  method: 'POST',
  path: '/api/v1/runs/{runId}/reply',
  tag: 'runs',
  summary: 'Tell an agent what it has asked, so that the run goes on',
  description:
    'Whoever answers becomes an author of the change, and does not approve it. The first answer counts.',
  access: { action: 'answer-question', resource: 'run' },
  params: runParams,
  body: z.strictObject({
    text: z.string().trim().min(1).max(8000),
    /** Id of the question that was shown; the reply is refused when the run asks something else by now. */
    question: z.string().min(1).max(500).optional(),
  }),
  answer: { 200: runSchema },
})

export const resumeRun = defineOperation({
  id: 'resumeRun',
  method: 'POST',
  path: '/api/v1/runs/{runId}/resumption',
  tag: 'runs',
  summary: 'Go on with a run: its failed steps are tried again, and decisions that were made are taken up',
  access: { action: 'resume-run', resource: 'run' },
  params: runParams,
  answer: { 200: runSchema },
})

export const watchTenant = defineOperation({
  id: 'watchTenant',
  method: 'GET',
  path: '/api/v1/events',
  tag: 'runs',
  summary: 'What happens in every run of the tenant, as it happens',
  description:
    'Begins with what happens now, or behind the event named by `Last-Event-ID`. Lines of logs are left out; ' +
    '`watchRun` has them.',
  access: { action: 'read-project', resource: 'project' },
  answer: { 200: eventStream(runEventSchema.extend({ runId: z.string() }).meta({ id: 'TenantEvent' })) },
})
