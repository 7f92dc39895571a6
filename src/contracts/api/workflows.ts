import { z } from 'zod'
import { defineOperation } from './operation.ts'
import { estimateSchema } from './runs.ts'
import { ownTextHead, ownTextParams, verdictBody } from './own-texts.ts'

const readsStudio = { action: 'read-studio', resource: 'studio' } as const

const looseObject = z.record(z.string(), z.unknown())

/** A definition as it was read: what was left out has its default. */
const definitionSchema = z
  .object({
    name: z.string(),
    version: z.int(),
    description: z.string(),
    inputs: z.record(z.string(), z.object({ description: z.string(), required: z.boolean() })),
    steps: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(['tool', 'agent', 'chain', 'compute', 'approval', 'validation', 'workflow']),
        uses: z.string(),
        title: z.string().optional(),
        with: looseObject,
        needs: z.array(z.string()),
        when: z.string().optional(),
        over: z.string().optional(),
        parallel: z.int(),
        retry: z
          .object({ attempts: z.int(), backoff: z.string(), factor: z.number(), maximum: z.string() })
          .optional(),
        timeout: z.string(),
        lock: z.string().optional(),
        compensate: z.object({ uses: z.string(), with: looseObject }).optional(),
        onFailure: z.enum(['fail', 'continue']),
      }),
    ),
    result: z.record(z.string(), z.string()),
  })
  .meta({ id: 'WorkflowDefinition' })

const workflowProblemSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    /** What to do about it. */
    remedy: z.string(),
    line: z.int().nullable(),
    column: z.int().nullable(),
    stepId: z.string().nullable(),
  })
  .meta({ id: 'WorkflowProblem' })

const workflowSchema = z
  .object({
    name: z.string(),
    /** The kind of work whose runs start with it. */
    kind: z.enum(['repair', 'lint-fix', 'format', 'codemod', 'dependency-update']),
    text: z.string(),
    definition: definitionSchema,
    digest: z.string(),
    /** Null for the shipped one; otherwise the version of the tenant's own. */
    own: z.object(ownTextHead).nullable(),
  })
  .meta({ id: 'Workflow' })

const checkedSchema = z.object({
  /** Null while something is wrong. */
  definition: definitionSchema.nullable(),
  problems: z.array(workflowProblemSchema),
})

const ownWorkflowSchema = z.object({ ...ownTextHead, text: z.string() }).meta({ id: 'OwnWorkflow' })

const workflowDetailSchema = workflowSchema
  .extend({
    draft: checkedSchema
      .extend({
        draft: ownWorkflowSchema,
        /** Against what is in use, as a unified diff. */
        diff: z.string(),
      })
      .nullable(),
    versions: z.array(ownWorkflowSchema),
    estimate: estimateSchema.nullable(),
  })
  .meta({ id: 'WorkflowDetail' })

const text = z.string().max(256 * 1024)

export const listWorkflows = defineOperation({
  id: 'listWorkflows',
  method: 'GET',
  path: '/api/v1/workflows',
  tag: 'workflows',
  summary: 'The workflows that runs start with',
  access: readsStudio,
  answer: { 200: z.object({ items: z.array(workflowSchema) }) },
})

export const getWorkflow = defineOperation({
  id: 'getWorkflow',
  method: 'GET',
  path: '/api/v1/workflows/{name}',
  tag: 'workflows',
  summary: 'One workflow with its draft, its versions, and what a run of it is expected to use',
  access: readsStudio,
  params: ownTextParams,
  answer: { 200: workflowDetailSchema },
})

export const checkWorkflow = defineOperation({
  id: 'checkWorkflow',
  method: 'POST',
  path: '/api/v1/workflows/{name}/checks',
  tag: 'workflows',
  summary: 'Read a workflow as it is being written; nothing is kept',
  access: readsStudio,
  params: ownTextParams,
  body: z.strictObject({ text }),
  answer: { 200: checkedSchema },
})

export const saveWorkflowDraft = defineOperation({
  id: 'saveWorkflowDraft',
  method: 'PUT',
  path: '/api/v1/workflows/{name}/draft',
  tag: 'workflows',
  summary: 'Keep a text as the draft of a workflow; without text it is a draft to go back to the shipped one',
  access: { action: 'draft-workflow', resource: 'studio' },
  params: ownTextParams,
  body: z.strictObject({ text }),
  answer: { 200: workflowDetailSchema },
})

export const decideWorkflow = defineOperation({
  id: 'decideWorkflow',
  method: 'POST',
  path: '/api/v1/workflows/{name}/decision',
  tag: 'workflows',
  summary: 'Have runs start with the draft from now on, or reject it; nobody who wrote at it can',
  access: { action: 'decide-workflow', resource: 'studio' },
  params: ownTextParams,
  body: verdictBody,
  answer: { 200: workflowDetailSchema },
})
