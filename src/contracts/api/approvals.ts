import { z } from 'zod'
import { diffSummarySchema, findingSchema } from '../index.ts'
import { idSchema, runParams, timeSchema } from './identifiers.ts'
import { defineOperation, pageOf, pageQuery } from './operation.ts'
import { costSchema, questionSchema } from './runs.ts'

const approvalStatusSchema = z.enum([
  'pending',
  'approved',
  'rejected',
  'changes-requested',
  'void',
  'expired',
])
const approvalParams = z.strictObject({ approvalId: idSchema })

const approvalSchema = z
  .object({
    id: z.string(),
    runId: z.string(),
    projectId: z.string(),
    stepId: z.string(),
    title: z.string(),
    repository: z.string(),
    status: approvalStatusSchema,
    statusReason: z.string().nullable(),
    /** Digest of exactly what is decided about; a decision names it. */
    subject: z.string(),
    requestedAt: timeSchema,
    expiresAt: timeSchema,
    needed: z.int(),
    /** Where changes were asked for: the run that takes them up, or why there is none; neither while it is being started. */
    followUp: z.object({ runId: z.string().nullable(), problem: z.string().nullable() }).nullable(),
    decisions: z.array(
      z.object({
        by: z.string(),
        verdict: z.enum(['approved', 'rejected', 'changes-requested']),
        reason: z.string(),
        at: timeSchema,
      }),
    ),
  })
  .meta({ id: 'Approval' })

export const listApprovals = defineOperation({
  id: 'listApprovals',
  method: 'GET',
  path: '/api/v1/approvals',
  tag: 'approvals',
  summary: 'What people were asked to decide, newest first',
  access: { action: 'read-project', resource: 'project' },
  query: z.strictObject({
    ...pageQuery,
    status: approvalStatusSchema.optional(),
    runId: idSchema.optional(),
    projectId: idSchema.optional(),
  }),
  answer: { 200: pageOf(approvalSchema) },
})

export const getApproval = defineOperation({
  id: 'getApproval',
  method: 'GET',
  path: '/api/v1/approvals/{approvalId}',
  tag: 'approvals',
  summary: 'One request for approval, with what was decided',
  access: { action: 'read-run', resource: 'run' },
  params: approvalParams,
  answer: { 200: approvalSchema },
})

export const decideApproval = defineOperation({
  id: 'decideApproval',
  method: 'POST',
  path: '/api/v1/approvals/{approvalId}/decision',
  tag: 'approvals',
  summary: 'Approve, reject, or ask for changes',
  description:
    'The decision names the subject that was shown, and is refused when it is another one by now. Asking for changes ' +
    'rejects the change, and starts a new run of the same work item that is given the reason and the open comments.',
  access: { action: 'decide-approval', resource: 'approval' },
  params: approvalParams,
  body: z.discriminatedUnion('verdict', [
    z.strictObject({
      verdict: z.literal('approved'),
      subject: z.string().max(100),
      reason: z.string().max(5000).default(''),
    }),
    z.strictObject({
      verdict: z.enum(['rejected', 'changes-requested']),
      subject: z.string().max(100),
      reason: z.string().trim().min(1, 'say why').max(5000),
    }),
  ]),
  answer: {
    200: z.object({
      approval: approvalSchema,
      /** The run that takes up what was asked for; `followUp` says more. */
      followUpRunId: z.string().nullable(),
    }),
  },
})

const inboxKindSchema = z.enum(['approval', 'question', 'escalation', 'failure'])

const inboxItemSchema = z
  .object({
    kind: inboxKindSchema,
    /** Of the approval, or of the run. */
    id: z.string(),
    runId: z.string(),
    projectId: z.string(),
    since: timeSchema,
    title: z.string(),
    repository: z.string(),
    requester: z.string(),
    /** What was asked for, in the words of whoever did; of a long text the beginning. */
    description: z.string(),
    /** In a line: what happened, or what is asked. */
    headline: z.string(),
    /** What to do about a failure; null where nothing failed. */
    remedy: z.string().nullable(),
    /** What an agent wants to know. */
    question: questionSchema.nullable(),
    /** What a person should look at first. */
    attention: z.array(z.string()),
    change: diffSummarySchema.nullable(),
    /** What shows that it holds, such as tests that were fixed. */
    evidence: z.array(z.string()),
    /** The worst finding; `none` when there is none. */
    risk: z.enum(['none', ...findingSchema.shape.severity.options]),
    cost: costSchema,
    seconds: z.number(),
    /** To decide about an approval. */
    subject: z.string().nullable(),
    expiresAt: timeSchema.nullable(),
  })
  .meta({ id: 'InboxItem' })

export const listInbox = defineOperation({
  id: 'listInbox',
  method: 'GET',
  path: '/api/v1/inbox',
  tag: 'approvals',
  summary:
    'What waits for the caller: approvals, questions of agents, escalations and failures, newest first',
  access: { action: 'read-project', resource: 'project' },
  query: z.strictObject({
    ...pageQuery,
    kind: inboxKindSchema.optional(),
    projectId: idSchema.optional(),
  }),
  answer: { 200: pageOf(inboxItemSchema) },
})

export const dismissFromInbox = defineOperation({
  id: 'dismissFromInbox',
  method: 'PUT',
  path: '/api/v1/inbox/{runId}/dismissal',
  tag: 'approvals',
  summary: 'Take the escalation or failure of a run out of the caller’s own inbox',
  description:
    'The run and the inboxes of others stay as they are. When the run goes on and ends unhappily again, it comes back.',
  access: { action: 'read-run', resource: 'run' },
  params: runParams,
  answer: { 204: null },
})
