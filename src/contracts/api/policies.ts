import { z } from 'zod'
import { timeSchema } from './identifiers.ts'
import { defineOperation } from './operation.ts'
import { ownTextHead, ownTextNameSchema, ownTextParams, verdictBody } from './own-texts.ts'

const readsPolicies = { action: 'read-policies', resource: 'studio' } as const
const simulatesPolicies = { action: 'simulate-policies', resource: 'studio' } as const

const policySchema = z
  .object({
    id: z.string(),
    /** With annotations and comments, as it was written. */
    text: z.string(),
    /** Name of the file, or of the policy of the tenant's own. */
    source: z.string(),
    line: z.int(),
    /** Shipped policies hold for every tenant; guardrails among them cannot be widened by any other policy. */
    shipped: z.boolean(),
  })
  .meta({ id: 'Policy' })

const policyProblemSchema = z
  .object({
    file: z.string(),
    line: z.int(),
    column: z.int(),
    message: z.string(),
    /** What would be right, where that is known. */
    help: z.string().nullable(),
  })
  .meta({ id: 'PolicyProblem' })

const verdictSchema = z.object({
  decision: z.enum(['allow', 'deny']),
  policies: z.array(z.string()),
  errors: z.array(z.string()),
})

const changedDecisionSchema = z
  .object({
    decisionId: z.int(),
    at: timeSchema,
    principalId: z.string(),
    action: z.string(),
    resource: z.string(),
    runId: z.string().nullable(),
    act: z
      .object({
        key: z.string(),
        tool: z.string(),
        effect: z.enum(['read', 'workspace', 'external-reversible', 'external-irreversible']),
        stepId: z.string(),
        state: z.string(),
      })
      .nullable(),
    recorded: verdictSchema.omit({ errors: true }),
    inForce: verdictSchema,
    candidate: verdictSchema,
  })
  .meta({ id: 'ChangedDecision' })

const changedActsSchema = z.object({ count: z.int(), examples: z.array(changedDecisionSchema) })

const simulationSchema = z
  .object({
    since: timeSchema,
    days: z.number(),
    /** Decisions that were asked again, and how many of them were different questions. */
    decisions: z.int(),
    questions: z.int(),
    /** Decisions of which not enough is recorded to ask them again. */
    notReplayed: z.int(),
    /** There are older ones within the days that were not looked at. */
    cutOff: z.boolean(),
    /** Acts that were allowed and would be denied: all of them counted, the newest hundred shown. */
    blocked: changedActsSchema,
    permitted: changedActsSchema,
  })
  .meta({ id: 'PolicySimulation' })

const testResultSchema = z.object({ name: z.string(), passed: z.boolean(), message: z.string() })

const policyCheckSchema = z
  .object({
    problems: z.array(policyProblemSchema),
    /** Why the tests cannot be read. */
    testsProblem: z.string().nullable(),
    tests: z.array(testResultSchema),
    ok: z.boolean(),
  })
  .meta({ id: 'PolicyCheck' })

const ownPolicySchema = z
  .object({
    ...ownTextHead,
    text: z.string(),
    tests: z.string(),
    rehearsal: policyCheckSchema
      .extend({
        at: timeSchema,
        by: z.string(),
        draft: z.string(),
        simulation: simulationSchema.nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'OwnPolicy' })

const draftText = z.string().max(64 * 1024)
const span = {
  days: z.int().min(1).max(365).default(30),
  /** The most decisions to ask again, from the newest on. */
  mostDecisions: z.int().min(1).max(1_000_000).default(100_000),
}

export const getPolicies = defineOperation({
  id: 'getPolicies',
  method: 'GET',
  path: '/api/v1/policies',
  tag: 'policies',
  summary: 'The policies in force, and the schema that they are written against',
  access: readsPolicies,
  answer: {
    200: z.object({ digest: z.string(), schema: z.string(), policies: z.array(policySchema) }),
  },
})

export const testPolicies = defineOperation({
  id: 'testPolicies',
  method: 'POST',
  path: '/api/v1/policies/test-runs',
  tag: 'policies',
  summary: 'Run the tests of the shipped policies',
  access: readsPolicies,
  answer: {
    200: z.object({
      files: z.array(z.object({ file: z.string(), results: z.array(testResultSchema) })),
    }),
  },
})

export const checkPolicy = defineOperation({
  id: 'checkPolicy',
  method: 'POST',
  path: '/api/v1/policies/checks',
  tag: 'policies',
  summary: 'Read policies as they are being written, and run their tests; nothing is kept',
  access: readsPolicies,
  body: z.strictObject({ name: ownTextNameSchema, text: draftText, tests: draftText.default('') }),
  answer: { 200: policyCheckSchema },
})

export const simulatePolicy = defineOperation({
  id: 'simulatePolicy',
  method: 'POST',
  path: '/api/v1/policies/simulations',
  tag: 'policies',
  summary: 'What policies would have changed, had they been in force: which acts they would have blocked',
  access: simulatesPolicies,
  body: z.strictObject({ name: ownTextNameSchema, text: draftText, ...span }),
  timeoutMs: 120_000,
  answer: { 200: simulationSchema },
})

export const simulateShippedPolicy = defineOperation({
  id: 'simulateShippedPolicy',
  method: 'POST',
  path: '/api/v1/policies/shipped/simulations',
  tag: 'policies',
  summary: 'What another text in the place of a shipped policy would have changed, had it been in force',
  description:
    'Nothing is changed by this: shipped policies come with a release, and a tenant narrows them by policies of its own.',
  access: simulatesPolicies,
  body: z.strictObject({
    /** Of the shipped policy. */
    id: z.string().min(1).max(200),
    /** Without text, what it would be like without the policy. */
    text: draftText,
    ...span,
  }),
  timeoutMs: 120_000,
  answer: { 200: simulationSchema },
})

export const listOwnPolicies = defineOperation({
  id: 'listOwnPolicies',
  method: 'GET',
  path: '/api/v1/policies/own',
  tag: 'policies',
  summary: 'Policies of the tenant’s own that are in force, and drafts',
  access: readsPolicies,
  answer: { 200: z.object({ items: z.array(ownPolicySchema) }) },
})

export const listOwnPolicyVersions = defineOperation({
  id: 'listOwnPolicyVersions',
  method: 'GET',
  path: '/api/v1/policies/own/{name}',
  tag: 'policies',
  summary: 'All versions of one policy of the tenant’s own, newest first',
  access: readsPolicies,
  params: ownTextParams,
  answer: { 200: z.object({ items: z.array(ownPolicySchema) }) },
})

export const savePolicyDraft = defineOperation({
  id: 'savePolicyDraft',
  method: 'PUT',
  path: '/api/v1/policies/own/{name}/draft',
  tag: 'policies',
  summary: 'Keep a text as the draft of a policy; without text it is a draft to take the policy back',
  access: { action: 'draft-policy', resource: 'studio' },
  params: ownTextParams,
  body: z.strictObject({ text: draftText, tests: draftText.default('') }),
  answer: { 200: ownPolicySchema },
})

export const rehearsePolicy = defineOperation({
  id: 'rehearsePolicy',
  method: 'POST',
  path: '/api/v1/policies/own/{name}/rehearsal',
  tag: 'policies',
  summary: 'Test and simulate the draft, for whoever decides about it',
  access: simulatesPolicies,
  params: ownTextParams,
  body: z.strictObject(span),
  timeoutMs: 120_000,
  answer: { 200: ownPolicySchema },
})

export const decidePolicy = defineOperation({
  id: 'decidePolicy',
  method: 'POST',
  path: '/api/v1/policies/own/{name}/decision',
  tag: 'policies',
  summary: 'Put a rehearsed draft into force, or reject it; nobody who wrote at it can',
  access: { action: 'decide-policy', resource: 'studio' },
  params: ownTextParams,
  body: verdictBody,
  answer: { 200: ownPolicySchema },
})
