import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Principal, ProjectRoles, Role } from '../../contracts/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import type { PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import { alikeRequests } from './alike-requests.ts'
import { toCedarRequest } from './cedar-request.ts'
import { compilePolicies } from './policy-set.ts'
import { readPolicyText, staticPolicies } from './policy-text.ts'
import type { PolicyRequest } from './request.ts'

const schema = await readFile(join(import.meta.dirname, '../../../policies/schema.cedarschema'), 'utf8')
const tenantId = 'default' as TenantId

/** Each kind of name where a policy can have it. */
const { policies, problems } = readPolicyText(
  cedar,
  'named.cedar',
  `@id("steer-own") permit (principal, action, resource is Atelier::Run) when { resource.requester == principal };
   @id("for-own") permit (principal is Atelier::Agent, action, resource is Atelier::Run)
     when { principal has onBehalfOf && resource.requester == principal.onBehalfOf };
   @id("person") permit (principal, action == Atelier::Action::"read-run", resource)
     when { resource.requester == Atelier::Person::"person:b" };
   @id("viewer") permit (principal in Atelier::Role::"viewer", action == Atelier::Action::"read-project", resource);
   @id("project") forbid (principal, action in [Atelier::Action::"read-project", Atelier::Action::"read-run"], resource)
     when { resource in Atelier::Project::"closed" } unless { principal == Atelier::Person::"person:d" };
   @id("agent") permit (principal == Atelier::Agent::"agent:b", action, resource);
   @id("acts-for") permit (principal is Atelier::Agent, action == Atelier::Action::"read-project", resource)
     when { principal has onBehalfOf && principal.onBehalfOf == Atelier::Person::"person:c" };
   @id("run") forbid (principal, action, resource == Atelier::Run::"run_b");
   @id("among") permit (principal, action == Atelier::Action::"cancel-run", resource)
     when { [Atelier::Run::"run_c", Atelier::Run::"run_d"].contains(resource) };
   @id("approvals") permit (principal is Atelier::Person, action == Atelier::Action::"decide-approval", resource);
   @id("approval") forbid (principal, action, resource in Atelier::Approval::"apr_b");
   @id("approval-of") forbid (principal, action == Atelier::Action::"decide-approval", resource in Atelier::Run::"run_e");`,
)

const viewerIn = (projectId: string): ProjectRoles => ({ [projectId as ProjectId]: ['viewer'] })
const people = ['person:a', 'person:b', 'person:c', 'person:d']
const runs = ['run_a', 'run_b', 'run_c', 'run_d', 'run_e', 'run_f'] as RunId[]
const principals: fc.Arbitrary<Principal> = fc.oneof(
  fc.record({
    kind: fc.constant('person' as const),
    id: fc.constantFrom(...people) as fc.Arbitrary<PrincipalId>,
    tenantId: fc.constant(tenantId),
    roles: fc.constantFrom<Role[]>([], ['viewer']),
    projectRoles: fc.constantFrom({}, viewerIn('other'), viewerIn('closed')),
    onBehalfOf: fc.constant(undefined),
  }),
  fc.record({
    kind: fc.constant('agent' as const),
    id: fc.constantFrom('agent:a', 'agent:b', 'person:a') as fc.Arbitrary<PrincipalId>,
    tenantId: fc.constant(tenantId),
    roles: fc.constant([]),
    onBehalfOf: fc.constantFrom(...people) as fc.Arbitrary<PrincipalId>,
  }),
)
const projectId = fc.constantFrom('default', 'other', 'closed') as fc.Arbitrary<ProjectId>
const requests = fc.oneof(
  fc.record({
    principal: principals,
    action: fc.constant('read-project' as const),
    resource: fc.record({
      kind: fc.constant('project' as const),
      tenantId: fc.constant(tenantId),
      projectId,
    }),
  }),
  fc.record({
    principal: principals,
    action: fc.constantFrom('read-run' as const, 'cancel-run' as const),
    resource: fc.record({
      kind: fc.constant('run' as const),
      tenantId: fc.constant(tenantId),
      runId: fc.constantFrom(...runs),
      projectId,
      requester: fc.constantFrom(...people),
    }),
  }),
  fc.record({
    principal: principals,
    action: fc.constant('decide-approval' as const),
    resource: fc.record({
      kind: fc.constant('approval' as const),
      tenantId: fc.constant(tenantId),
      approvalId: fc.constantFrom('apr_a', 'apr_b', 'apr_c'),
      runId: fc.constantFrom(...runs),
      projectId,
    }),
    context: fc.record({ decision: fc.constant('approved'), inLineage: fc.boolean() }),
  }),
) satisfies fc.Arbitrary<PolicyRequest>

describe('requests that policies cannot tell apart', () => {
  it('are decided as each would be by itself', () => {
    expect(problems).toEqual([])
    const set = compilePolicies(cedar, schema, policies, 'remembering')
    cedar.preparseSchema('asked', schema)
    cedar.preparsePolicySet('asked', { staticPolicies: staticPolicies(policies) })
    fc.assert(
      fc.property(requests, (request) => {
        const asked = cedar.statefulIsAuthorized({
          ...toCedarRequest(request),
          ...{ preparsedSchemaName: 'asked', preparsedPolicySetId: 'asked', validateRequest: true },
        })
        if (asked.type === 'failure') throw new Error(asked.errors[0]?.message)
        const { decision, diagnostics } = asked.response
        expect(diagnostics.errors).toEqual([])
        expect(set.decide(request)).toMatchObject({
          ...{ decision, policies: diagnostics.reason.toSorted(), input: digestOfValue(request) },
        })
      }),
      { numRuns: 400 },
    )
  })

  it('are those of which no policy names what differs', () => {
    const alike = alikeRequests(policies)
    const about = (runId: string, requester: string, id = 'person:a') =>
      alike({
        principal: {
          kind: 'person',
          id: id as PrincipalId,
          tenantId,
          roles: [],
          onBehalfOf: undefined,
        },
        action: 'read-run',
        resource: {
          ...{ kind: 'run', tenantId, runId: runId as RunId, projectId: 'default' as ProjectId, requester },
        },
      })
    expect(about('run_a', 'person:e')).toEqual(about('run_f', 'person:f', 'person:g'))
    expect(about('run_a', 'person:e')).not.toEqual(about('run_a', 'person:e', 'person:d'))
    expect(about('run_a', 'person:e')).not.toEqual(about('run_a', 'person:e', 'person:e'))
    expect(about('run_a', 'person:c')).not.toEqual(about('run_b', 'person:c'))
    expect(about('run_a', 'person:c')).not.toEqual(about('run_a', 'person:b'))
    expect(about('run_a', 'person:c')).not.toEqual(about('run_a', 'person:a'))
  })
})
