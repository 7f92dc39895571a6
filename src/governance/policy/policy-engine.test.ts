import fc from 'fast-check'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Principal, Role } from '../../contracts/index.ts'
import type { PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import { loadPolicies, readPolicyTests, runPolicyTests } from './index.ts'
import type { PolicyEngine, PolicyRequest } from './index.ts'

const root = join(import.meta.dirname, '../../..')
const schemaFile = join(root, 'policies/schema.cedarschema')
const shipped = join(root, 'policies')

let engine: PolicyEngine
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-policy-'))
  engine = await loadPolicies({ schemaFile, folders: [shipped] })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const agent: Principal = {
  kind: 'agent',
  id: 'agent:zero-token-engineer' as PrincipalId,
  tenantId: 'default' as TenantId,
  roles: [],
  onBehalfOf: 'person:reporter' as PrincipalId,
}

function toolUse(
  principal: Principal,
  overrides: { approved?: boolean; requester?: string } = {},
): PolicyRequest {
  return {
    principal,
    action: 'use-workspace-tool',
    resource: {
      kind: 'run',
      tenantId: 'default' as TenantId,
      runId: 'run' as RunId,
      projectId: 'project' as ProjectId,
      requester: overrides.requester ?? 'person:reporter',
    },
    context: {
      tool: 'tests.execute',
      permissions: [],
      isolation: 'namespaces',
      approved: overrides.approved ?? false,
      repository: undefined,
    },
  }
}

describe('shipped policies', async () => {
  const files = (await readdir(join(shipped, 'tests'))).filter((file) => file.endsWith('.yaml'))
  const loaded = await loadPolicies({ schemaFile, folders: [shipped] })
  for (const file of files) {
    const results = runPolicyTests(loaded.shipped, await readPolicyTests(join(shipped, 'tests', file)))
    it.each(results)(`${file}: $name`, ({ message }) => expect(message).toBe(''))
  }

  it('have a test that each of them decides', async () => {
    const tests = await Promise.all(files.map((file) => readPolicyTests(join(shipped, 'tests', file))))
    const decided = new Set(
      runPolicyTests(loaded.shipped, tests.flat()).flatMap(({ actual }) => actual.policies),
    )
    const untested = loaded.shipped.policies.map(({ id }) => id).filter((id) => !decided.has(id))
    expect(untested).toEqual([])
  })
})

describe('decide', () => {
  it('names the policies, the policy set and the input', () => {
    const decision = engine.decide(toolUse(agent))
    expect(decision).toMatchObject({
      decision: 'allow',
      policies: ['studio/agents-work-in-the-run-of-their-person'],
      policySet: engine.shipped.digest,
      errors: [],
    })
    expect(decision.input).not.toBe(engine.decide(toolUse(agent, { requester: 'person:x' })).input)
    expect(decision.input).toBe(engine.decide(toolUse(agent)).input)
  })

  it('denies what does not fit the schema instead of failing', () => {
    const malformed = { ...toolUse(agent), action: 'become-owner' as 'use-read-tool' } as PolicyRequest
    expect(engine.decide(malformed)).toMatchObject({ decision: 'deny' })
    expect(engine.decide(malformed).errors).not.toEqual([])
  })

  it('never lets an agent cause an external effect, whatever the facts', () => {
    const roles: Role[] = ['viewer', 'engineer', 'approver', 'operator', 'security', 'owner']
    fc.assert(
      fc.property(
        fc.subarray(roles),
        fc.constantFrom('cause-reversible-effect' as const, 'cause-irreversible-effect' as const),
        fc.boolean(),
        fc.string(),
        fc.option(fc.string(), { nil: undefined }),
        (held, action, approved, tool, onBehalfOf) => {
          const request = toolUse({
            ...agent,
            roles: held,
            onBehalfOf: onBehalfOf as PrincipalId | undefined,
          })
          if (!('context' in request) || !('tool' in request.context)) throw new Error('not a tool use')
          const decision = engine.decide({
            ...request,
            action,
            context: { ...request.context, approved, tool },
          } as PolicyRequest)
          expect(decision.decision).toBe('deny')
        },
      ),
      { numRuns: 100 },
    )
  })

  it('takes no more than a few milliseconds', () => {
    const request = toolUse(agent)
    const times = Array.from({ length: 300 }, () => {
      const started = performance.now()
      engine.decide(request)
      return performance.now() - started
    }).sort((a, b) => a - b)
    expect(times[150]).toBeLessThan(5)
  })
})

describe('loading', () => {
  const load = async (text: string): Promise<PolicyEngine> => {
    const own = await mkdtemp(join(folder, 'own-'))
    await writeFile(join(own, 'own.cedar'), text)
    return loadPolicies({ schemaFile, folders: [shipped, own] })
  }

  it('adds a tenant’s own policies, which can forbid what is shipped', async () => {
    const narrowed = await load(
      '@id("acme/never-unconfined")\nforbid(principal, action == Atelier::Action::"use-workspace-tool", resource)\n' +
        'when { context.isolation == "none" };\n',
    )
    expect(narrowed.shipped.digest).not.toBe(engine.shipped.digest)
    const request = toolUse({ ...agent, kind: 'service', id: 'service:studio' as PrincipalId })
    if (request.action !== 'use-workspace-tool') throw new Error('not a tool use')
    const unconfined: PolicyRequest = {
      ...request,
      context: {
        ...request.context,
        isolation: 'none',
        repository: { location: '/srv/app', trusted: true },
      },
    }
    expect(engine.decide(unconfined).decision).toBe('allow')
    expect(narrowed.decide(unconfined)).toMatchObject({
      decision: 'deny',
      policies: ['acme/never-unconfined'],
    })
  })

  it('cannot widen a guardrail', async () => {
    const widened = await load('@id("acme/anything")\npermit(principal, action, resource);\n')
    const request = toolUse(agent)
    const decision = widened.decide({ ...request, action: 'cause-reversible-effect' } as PolicyRequest)
    expect(decision).toMatchObject({
      decision: 'deny',
      policies: ['guardrails/agents-cause-no-external-effects', 'guardrails/external-effects-need-approval'],
    })
  })

  it.each([
    ['a syntax error', '// é\n\n@id("x")\npermit(principal, action\n resource);\n', 5],
    [
      'an attribute that the schema does not know',
      '\n\n@id("x")\npermit(principal, action, resource)\nwhen { principal.shoeSize == 43 };\n',
      5,
    ],
    ['a missing id', '// nothing\npermit(principal, action, resource);\n', 2],
    ['an id used twice', '\n@id("people/approvers-decide")\npermit(principal, action, resource);\n', 2],
  ])('says the file and line of %s', async (_what, text, line) => {
    await expect(load(text)).rejects.toMatchObject({
      code: 'ATL_POLICY_INVALID',
      details: { line, file: expect.stringMatching(/own\.cedar$/) as string },
    })
  })

  it('is checked once, where that is remembered, and again when a word of it changes', async () => {
    const known = new Set<string>()
    const faultless = {
      has: (digest: string) => known.has(digest),
      add: (digest: string) => known.add(digest),
    }
    const folders = [await mkdtemp(join(folder, 'remembered-'))]
    const file = join(folders[0]!, 'own.cedar')
    await writeFile(file, '@id("own") permit (principal, action, resource);')
    const first = await loadPolicies({ schemaFile, folders, faultless })
    const again = await loadPolicies({ schemaFile, folders, faultless })
    expect(again.shipped.digest).toBe(first.shipped.digest)
    expect(known.size).toBe(1)

    await writeFile(file, '@id("own") permit (principal, action, resource) when { resource.colour == 1 };')
    await expect(loadPolicies({ schemaFile, folders, faultless })).rejects.toMatchObject({
      code: 'ATL_POLICY_INVALID',
    })
    expect(known.size).toBe(1)
  })

  it('says when the folder is not there', async () => {
    await expect(loadPolicies({ schemaFile, folders: [join(folder, 'absent')] })).rejects.toMatchObject({
      code: 'ATL_POLICY_UNREADABLE',
    })
  })

  it('says what is wrong with a test file', async () => {
    const file = join(folder, 'tests.yaml')
    await writeFile(file, '- name: x\n  request: { action: fly }\n')
    await expect(readPolicyTests(file)).rejects.toMatchObject({ code: 'ATL_POLICY_TESTS_INVALID' })
  })

  it('tells a test that fails', async () => {
    const file = join(folder, 'failing.yaml')
    await writeFile(
      file,
      '- name: x\n  request: { action: read-project, principal: { kind: person, id: p }, resource: {} }\n' +
        '  expect: { decision: allow }\n',
    )
    expect(runPolicyTests(engine, await readPolicyTests(file))).toMatchObject([
      { passed: false, message: 'expected allow, but the decision is deny' },
    ])
  })
})
