import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { roleSchema } from '../../contracts/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import type { PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import { policyErrors } from './errors.ts'
import type { PolicyDecision, PolicySet } from './policy-set.ts'
import type { PolicyRequest } from './request.ts'

const name = z.string().min(1)
const tenant = name.default('default').transform((id) => id as TenantId)
const principalId = name.transform((id) => id as PrincipalId)

const principalSchema = z
  .strictObject({
    kind: z.enum(['person', 'agent', 'service']),
    id: principalId,
    tenantId: tenant,
    roles: z.array(roleSchema).default([]),
    projectRoles: z
      .record(
        name.transform((id) => id as ProjectId),
        z.array(roleSchema),
      )
      .optional(),
    onlyProjects: z.array(name.transform((id) => id as ProjectId)).optional(),
    onBehalfOf: principalId.optional(),
  })
  .transform(({ onBehalfOf, onlyProjects, projectRoles, ...rest }) => ({
    ...rest,
    // Absent stays absent: a recorded request has to come back as it was, by its digest.
    ...(projectRoles !== undefined && { projectRoles }),
    onBehalfOf,
    ...(onlyProjects && { onlyProjects }),
  }))

const projectId = name.default('project').transform((id) => id as ProjectId)
const runId = name.default('run').transform((id) => id as RunId)
const repositoryFacts = { location: name, trusted: z.boolean() }

const resources = {
  run: z.strictObject({
    kind: z.literal('run').default('run'),
    tenantId: tenant,
    runId,
    projectId,
    requester: name.default('person:reporter'),
  }),
  project: z.strictObject({ kind: z.literal('project').default('project'), tenantId: tenant, projectId }),
  approval: z.strictObject({
    kind: z.literal('approval').default('approval'),
    tenantId: tenant,
    approvalId: name.default('approval'),
    runId,
    projectId,
  }),
  repository: z.strictObject({
    kind: z.literal('repository').default('repository'),
    tenantId: tenant,
    ...repositoryFacts,
  }),
  codePath: z.strictObject({
    kind: z.literal('code-path'),
    tenantId: tenant,
    location: z.string().default('/repository'),
    trusted: z.boolean().default(false),
    path: z.string(),
  }),
  auditLog: z.strictObject({ kind: z.literal('audit-log').default('audit-log'), tenantId: tenant }),
  budget: z.strictObject({
    kind: z.literal('budget').default('budget'),
    tenantId: tenant,
    level: z.enum(['tenant', 'project', 'run', 'step']),
    subject: name,
  }),
  studio: z.strictObject({ kind: z.literal('studio').default('studio'), tenantId: tenant }),
  directory: z.strictObject({ kind: z.literal('directory').default('directory'), tenantId: tenant }),
  installation: z.strictObject({ kind: z.literal('installation').default('installation'), tenantId: tenant }),
}

const toolUse = z
  .strictObject({
    tool: name,
    permissions: z.array(name).default([]),
    isolation: z.enum(['namespaces', 'none', 'not-applicable']).default('namespaces'),
    approved: z.boolean().default(false),
    repository: z.strictObject(repositoryFacts).optional(),
  })
  .transform(({ repository, ...rest }) => ({ ...rest, repository }))

const ask = <A extends string, R extends z.ZodType>(actions: readonly [A, ...A[]], resource: R) =>
  z.strictObject({ principal: principalSchema, action: z.enum(actions), resource })

const requestSchema = z.discriminatedUnion('action', [
  ask(
    ['use-read-tool', 'use-workspace-tool', 'cause-reversible-effect', 'cause-irreversible-effect'],
    resources.run,
  ).extend({ context: toolUse }),
  ask(['submit-work-item', 'use-models', 'read-project', 'accept-tool'], resources.project),
  ask(
    ['read-run', 'cancel-run', 'resume-run', 'comment-on-run', 'answer-question', 'request-approval'],
    resources.run,
  ),
  ask(['go-hands-off'], resources.run).extend({
    context: z.strictObject({
      work: name,
      named: z.boolean().default(true),
      worstFinding: name.default('none'),
    }),
  }),
  ask(['decide-approval'], resources.approval).extend({
    context: z.strictObject({ decision: name, inLineage: z.boolean() }),
  }),
  ask(['trust-repository'], resources.repository),
  ask(['read-code'], z.union([resources.codePath, resources.repository])),
  ask(['read-audit'], resources.auditLog),
  ask(['read-budget', 'set-budget'], resources.budget),
  ask(['read-studio'], z.union([resources.project.extend({ kind: z.literal('project') }), resources.studio])),
  ask(
    [
      'read-operations',
      'set-model-weights',
      'read-policies',
      'simulate-policies',
      'draft-policy',
      'draft-workflow',
      'create-project',
    ],
    resources.studio,
  ),
  ask(['decide-policy', 'decide-workflow'], resources.studio).extend({
    context: z.strictObject({ decision: name, inLineage: z.boolean() }),
  }),
  ask(['change-project'], resources.project),
  ask(['read-people', 'manage-people', 'manage-own-tokens', 'manage-tokens'], resources.directory),
  ask(
    ['give-role', 'take-role'],
    z.union([resources.directory, resources.project.extend({ kind: z.literal('project') })]),
  ).extend({
    context: z.strictObject({
      role: roleSchema,
      self: z.boolean().default(false),
      held: z.boolean().default(false),
    }),
  }),
  ask(['manage-tenants'], resources.installation),
]) satisfies z.ZodType<PolicyRequest>

const testFileSchema = z.array(
  z.strictObject({
    name,
    request: requestSchema,
    expect: z.strictObject({
      decision: z.enum(['allow', 'deny']),
      /** Ids of the policies that must have decided; an empty list means the default decided. */
      policies: z.array(name).optional(),
    }),
  }),
)

/** A unit test of policies, written as data. */
export type PolicyTest = z.infer<typeof testFileSchema>[number]

export interface PolicyTestResult {
  readonly name: string
  readonly passed: boolean
  readonly actual: PolicyDecision
  /** Empty when passed. */
  readonly message: string
}

/** What was asked, as a decision recorded it; undefined where that is incomplete or not a question of this release. */
export function readRecordedRequest(recorded: unknown, digest: string): PolicyRequest | undefined {
  const { data } = requestSchema.safeParse(recorded)
  return data !== undefined && digestOfValue(data) === digest ? data : undefined
}

/**
 * Reads a YAML file of policy tests.
 *
 * @throws ATL_POLICY_UNREADABLE, ATL_POLICY_TESTS_INVALID
 */
export async function readPolicyTests(file: string): Promise<readonly PolicyTest[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw policyErrors.UNREADABLE({ detail: file, cause })
  }
  return parsePolicyTests(text, file)
}

/** @throws ATL_POLICY_TESTS_INVALID */
export function parsePolicyTests(text: string, file: string): readonly PolicyTest[] {
  try {
    return testFileSchema.parse(parse(text, { maxAliasCount: 0 }) ?? [])
  } catch (cause) {
    const detail = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)
    throw policyErrors.TESTS_INVALID({ detail: `${file}: ${detail}`, cause, details: { file } })
  }
}

/** Asks each test's question and compares the decision, and the deciding policies where the test names them. */
export function runPolicyTests(
  policies: Pick<PolicySet, 'decide'>,
  tests: readonly PolicyTest[],
): readonly PolicyTestResult[] {
  return tests.map(({ name, request, expect }) => {
    const actual = policies.decide(request)
    const problems = [
      ...(actual.decision === expect.decision
        ? []
        : [`expected ${expect.decision}, but the decision is ${actual.decision}`]),
      ...(expect.policies === undefined || sameMembers(expect.policies, actual.policies)
        ? []
        : [`expected ${list(expect.policies)} to decide, but it was ${list(actual.policies)}`]),
      ...actual.errors,
    ]
    return { name, passed: problems.length === 0, actual, message: problems.join('; ') }
  })
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().join('\n') === [...b].sort().join('\n')
}

function list(policies: readonly string[]): string {
  return policies.length === 0 ? 'the default' : policies.join(', ')
}
