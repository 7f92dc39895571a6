import { z } from 'zod'
import { submissionSchema, workTaskSchema } from '../index.ts'
import { idSchema, timeSchema } from './identifiers.ts'
import { defineOperation, pageOf, pageQuery } from './operation.ts'
import { costSchema, estimateSchema, runStatusSchema } from './runs.ts'

const submissionBody = submissionSchema.omit({ reporter: true, idempotencyKey: true })

const workItemSummarySchema = z
  .object({
    id: z.string(),
    projectId: z.string(),
    title: z.string(),
    /** Where it came from, such as `cli`, `api` or a tracker. */
    source: z.string(),
    requester: z.string(),
    repository: z.string(),
    createdAt: timeSchema,
    /** The run that works on it; null when it was taken in and nothing started. */
    run: z.object({ id: z.string(), status: runStatusSchema }).nullable(),
  })
  .meta({ id: 'WorkItemSummary' })

const workItemDetailSchema = workItemSummarySchema
  .extend({ body: z.string(), revision: z.string().nullable(), testCommand: z.string().nullable() })
  .meta({ id: 'WorkItem' })

const workKindSchema = z.enum(['repair', 'lint-fix', 'format', 'codemod', 'dependency-update'])

/** What a submission would lead to. */
const previewSchema = z
  .object({
    /** The project that the run would belong to. */
    projectId: z.string(),
    kind: workKindSchema,
    /** Why this kind of work, where it was read from the text. */
    kindReason: z.string().nullable(),
    /** The work with its particulars, as it would be recorded with the run. */
    task: workTaskSchema,
    /** What the text of a codemod's rule says; null where there is no such text. */
    rule: z
      .object({
        ids: z.array(z.string()),
        languages: z.array(z.string()),
        /** Whether the rule promises that nothing matches afterwards. */
        complete: z.boolean(),
      })
      .nullable(),
    workflow: z.object({ name: z.string(), version: z.int(), description: z.string() }),
    nodes: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        kind: z.string(),
        uses: z.string(),
        conditional: z.boolean(),
      }),
    ),
    edges: z.array(z.object({ from: z.string(), to: z.string() })),
    /** The most that the run may use. */
    limit: costSchema.partial(),
    /** Of the project's own runs of this kind. */
    estimate: estimateSchema.nullable(),
  })
  .meta({ id: 'Preview' })

export const submitWorkItem = defineOperation({
  id: 'submitWorkItem',
  method: 'POST',
  path: '/api/v1/work-items',
  tag: 'work',
  summary: 'Submit a work item, and start its run',
  description: 'Send an `Idempotency-Key`: the same key again yields the same run.',
  access: { action: 'submit-work-item', resource: 'project' },
  body: submissionBody,
  answer: { 201: z.object({ workItemId: z.string(), runId: z.string() }) },
})

export const previewWorkItem = defineOperation({
  id: 'previewWorkItem',
  method: 'POST',
  path: '/api/v1/work-items/preview',
  tag: 'work',
  summary: 'The plan of a submission and what to expect of it, without starting anything',
  access: { action: 'submit-work-item', resource: 'project' },
  body: submissionBody,
  answer: { 200: previewSchema },
})

export const listWorkItems = defineOperation({
  id: 'listWorkItems',
  method: 'GET',
  path: '/api/v1/work-items',
  tag: 'work',
  summary: 'Work items, newest first',
  access: { action: 'read-project', resource: 'project' },
  query: z.strictObject({
    ...pageQuery,
    projectId: idSchema.optional(),
    text: z.string().min(1).max(200).optional(),
  }),
  answer: { 200: pageOf(workItemSummarySchema) },
})

export const getWorkItem = defineOperation({
  id: 'getWorkItem',
  method: 'GET',
  path: '/api/v1/work-items/{workItemId}',
  tag: 'work',
  summary: 'One work item',
  access: { action: 'read-project', resource: 'project' },
  params: z.strictObject({ workItemId: idSchema }),
  answer: { 200: workItemDetailSchema },
})
