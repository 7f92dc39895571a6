import { z } from 'zod'
import { testReportSchema } from '../index.ts'
import { idSchema, runParams, timeSchema } from './identifiers.ts'
import { defineOperation, pageOf, pageQuery } from './operation.ts'
import { costSchema, failureSchema, stepStatusSchema } from './runs.ts'

const readRun = { action: 'read-run', resource: 'run' } as const
const stepParams = z.strictObject({ runId: idSchema, stepId: idSchema })

const attemptSchema = z.object({
  attempt: z.int(),
  /** Position in a fan-out; null for the step itself. */
  item: z.int().nullable(),
  outcome: z.enum(['succeeded', 'failed', 'waiting', 'delegated', 'lost']),
  startedAt: timeSchema,
  endedAt: timeSchema,
  error: failureSchema.nullable(),
})

export const getRunPlan = defineOperation({
  id: 'getRunPlan',
  method: 'GET',
  path: '/api/v1/runs/{runId}/plan',
  tag: 'runs',
  summary: 'The plan of a run as a graph, with where each node stands',
  access: readRun,
  params: runParams,
  answer: {
    200: z
      .object({
        /** Counts the revisions of the plan. */
        version: z.int(),
        nodes: z.array(
          z.object({
            id: z.string(),
            title: z.string(),
            kind: z.string(),
            uses: z.string(),
            status: stepStatusSchema,
            attempts: z.int(),
            startedAt: timeSchema.nullable(),
            endedAt: timeSchema.nullable(),
            /** Of a fan-out: how many items there are, and how many have ended. */
            items: z.object({ total: z.int(), ended: z.int() }).nullable(),
          }),
        ),
        edges: z.array(z.object({ from: z.string(), to: z.string() })),
        revisions: z.array(
          z.object({ version: z.int(), reason: z.string(), by: z.string(), createdAt: timeSchema }),
        ),
      })
      .meta({ id: 'RunPlan' }),
  },
})

export const getStep = defineOperation({
  id: 'getStep',
  method: 'GET',
  path: '/api/v1/runs/{runId}/steps/{stepId}',
  tag: 'runs',
  summary: 'One step with every attempt at it and what it answered',
  access: readRun,
  params: stepParams,
  answer: {
    200: z
      .object({
        id: z.string(),
        title: z.string(),
        kind: z.string(),
        uses: z.string(),
        needs: z.array(z.string()),
        status: stepStatusSchema,
        waiting: z.string().nullable(),
        error: failureSchema.nullable(),
        startedAt: timeSchema.nullable(),
        endedAt: timeSchema.nullable(),
        attempts: z.array(attemptSchema),
        output: z.unknown(),
      })
      .meta({ id: 'StepDetail' }),
  },
})

export const listStepLog = defineOperation({
  id: 'listStepLog',
  method: 'GET',
  path: '/api/v1/runs/{runId}/steps/{stepId}/log',
  tag: 'runs',
  summary: 'What a step reported, oldest first',
  access: readRun,
  params: stepParams,
  query: z.strictObject(pageQuery),
  answer: {
    200: pageOf(
      z.object({
        sequence: z.int(),
        time: timeSchema,
        kind: z.enum(['log', 'progress']),
        data: z.record(z.string(), z.unknown()),
      }),
    ),
  },
})

export const listActs = defineOperation({
  id: 'listActs',
  method: 'GET',
  path: '/api/v1/runs/{runId}/acts',
  tag: 'runs',
  summary: 'Everything that was attempted in a run, and how it was decided',
  access: readRun,
  params: runParams,
  query: z.strictObject({ ...pageQuery, stepId: idSchema.optional() }),
  answer: {
    200: pageOf(
      z
        .object({
          key: z.string(),
          stepId: z.string(),
          tool: z.string(),
          effect: z.enum(['read', 'workspace', 'external-reversible', 'external-irreversible']),
          by: z.string(),
          onBehalfOf: z.string().nullable(),
          state: z.enum(['requested', 'refused', 'performing', 'succeeded', 'failed']),
          attempt: z.int(),
          startedAt: timeSchema.nullable(),
          endedAt: timeSchema.nullable(),
          cost: costSchema,
          error: failureSchema.nullable(),
          inputDigest: z.string(),
          outputDigest: z.string().nullable(),
          approvalId: z.string().nullable(),
          /** Rules that found secrets in it, which were taken out. */
          redactions: z.array(z.string()),
          decision: z
            .object({
              verdict: z.enum(['allow', 'deny']),
              policies: z.array(z.string()),
              policySet: z.string(),
            })
            .nullable(),
        })
        .meta({ id: 'Act' }),
    ),
  },
})

export const getTrace = defineOperation({
  id: 'getTrace',
  method: 'GET',
  path: '/api/v1/runs/{runId}/trace',
  tag: 'runs',
  summary: 'When what was done, for a waterfall: the run, its steps, their attempts and acts',
  access: readRun,
  params: runParams,
  answer: {
    200: z.object({
      spans: z.array(
        z
          .object({
            id: z.string(),
            parent: z.string().nullable(),
            kind: z.enum(['run', 'step', 'attempt', 'act']),
            name: z.string(),
            status: z.string(),
            startedAt: timeSchema,
            /** Null while it goes on. */
            endedAt: timeSchema.nullable(),
          })
          .meta({ id: 'Span' }),
      ),
      /** There are more acts than are shown here. */
      truncated: z.boolean(),
    }),
  },
})

export const getChange = defineOperation({
  id: 'getChange',
  method: 'GET',
  path: '/api/v1/runs/{runId}/change',
  tag: 'changes',
  summary: 'The change that a run proposes, file by file',
  access: readRun,
  params: runParams,
  answer: {
    200: z
      .object({
        tree: z.string(),
        baseCommit: z.string(),
        explanation: z.string(),
        added: z.int(),
        deleted: z.int(),
        files: z.array(
          z.object({
            path: z.string(),
            /** Of a file that was renamed; null otherwise. */
            oldPath: z.string().nullable(),
            status: z.enum(['added', 'modified', 'deleted', 'renamed']),
            kind: z.enum(['source', 'test', 'configuration', 'documentation', 'other']),
            added: z.int(),
            deleted: z.int(),
            symbols: z.array(z.string()),
            /** Unified diff of this file; null where it is binary or longer than can be shown. */
            patch: z.string().nullable(),
          }),
        ),
      })
      .meta({ id: 'Change' }),
  },
})

export const getChangedFile = defineOperation({
  id: 'getChangedFile',
  method: 'GET',
  path: '/api/v1/runs/{runId}/change/file',
  tag: 'changes',
  summary: 'A whole file of the change, as it was or as the change makes it',
  description:
    'Only files of the change are shown, to whoever policy lets read them. A file of more than a million bytes, or one that ' +
    'is no text, comes without its content.',
  access: readRun,
  params: runParams,
  query: z.strictObject({
    /** As the change names it; the old side of a file that was renamed is found by its new name. */
    path: z.string().min(1).max(4096),
    side: z.enum(['old', 'new']).default('new'),
  }),
  answer: {
    200: z
      .object({
        path: z.string(),
        side: z.enum(['old', 'new']),
        tree: z.string(),
        state: z.enum(['text', 'binary', 'too-large', 'absent']),
        bytes: z.int(),
        /** Null unless `state` is `text`. */
        text: z.string().nullable(),
      })
      .meta({ id: 'ChangedFile' }),
  },
})

export const getTests = defineOperation({
  id: 'getTests',
  method: 'GET',
  path: '/api/v1/runs/{runId}/tests',
  tag: 'changes',
  summary: 'The tests before the change and with it',
  access: readRun,
  params: runParams,
  answer: {
    200: z
      .object({
        /** Of the base revision; null until they have run. */
        before: testReportSchema.nullable(),
        /** The same tests on the changed tree. */
        after: testReportSchema.nullable(),
        /** Tests that the change adds or alters, judged apart. */
        changed: testReportSchema.nullable(),
        fixed: z.array(z.string()),
        broken: z.array(z.string()),
        stillFailing: z.array(z.string()),
      })
      .meta({ id: 'TestComparison' }),
  },
})

const commentSchema = z
  .object({
    id: z.string(),
    /** Git tree of the change that it is about; another one than the change's means that it is outdated. */
    tree: z.string(),
    /** Null when it is about the change as a whole. */
    place: z.object({ path: z.string(), line: z.int(), side: z.enum(['old', 'new']) }).nullable(),
    body: z.string(),
    by: z.string(),
    createdAt: timeSchema,
    resolved: z.object({ by: z.string(), at: timeSchema }).nullable(),
  })
  .meta({ id: 'Comment' })

export const listComments = defineOperation({
  id: 'listComments',
  method: 'GET',
  path: '/api/v1/runs/{runId}/comments',
  tag: 'changes',
  summary: 'What people say about a change, oldest first',
  access: readRun,
  params: runParams,
  query: z.strictObject(pageQuery),
  answer: { 200: pageOf(commentSchema) },
})

export const addComment = defineOperation({
  id: 'addComment',
  method: 'POST',
  path: '/api/v1/runs/{runId}/comments',
  tag: 'changes',
  summary: 'Say something about a change, as a whole or on one of its lines',
  access: { action: 'comment-on-run', resource: 'run' },
  params: runParams,
  body: z.strictObject({
    body: z.string().trim().min(1).max(10_000),
    place: z
      .strictObject({ path: z.string().min(1).max(1024), line: z.int().min(1), side: z.enum(['old', 'new']) })
      .optional(),
  }),
  answer: { 201: commentSchema },
})

export const resolveComment = defineOperation({
  id: 'resolveComment',
  method: 'POST',
  path: '/api/v1/runs/{runId}/comments/{commentId}/resolution',
  tag: 'changes',
  summary: 'Mark a comment as dealt with',
  access: { action: 'comment-on-run', resource: 'run' },
  params: z.strictObject({ runId: idSchema, commentId: idSchema }),
  answer: { 200: commentSchema },
})
