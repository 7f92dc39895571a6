import { beforeAll, describe, expect, it } from 'vitest'
import type { Principal, Role } from '../../contracts/index.ts'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import { policyLocations } from '../../testing/index.ts'
import { loadPolicies } from './index.ts'
import type { PolicyEngine, PolicyRequest } from './index.ts'

const [acme, other] = ['acme' as TenantId, 'other' as TenantId]
let engine: PolicyEngine

beforeAll(async () => {
  engine = await loadPolicies(policyLocations)
})

function person(tenantId: TenantId, ...roles: readonly Role[]): Principal {
  return { kind: 'person', id: 'person:ada' as PrincipalId, tenantId, roles, onBehalfOf: undefined }
}

function readsStudio(tenantId: TenantId): PolicyRequest {
  return {
    principal: person(tenantId, 'viewer'),
    action: 'read-studio',
    resource: { kind: 'studio', tenantId },
  }
}

const forbidReading = {
  name: 'reading',
  text: '@id("acme/nobody-reads")\nforbid (principal, action == Atelier::Action::"read-studio", resource);\n',
}
const permitEffects = {
  name: 'effects',
  text: `@id("acme/all-is-permitted")\npermit (principal, action, resource);\n`,
}

describe('policies of a tenant’s own', () => {
  it('hold for that tenant, from the moment they are put into force until they are taken back', () => {
    expect(engine.enforce(acme, [forbidReading])).toEqual([])
    expect(engine.decide(readsStudio(acme))).toMatchObject({
      decision: 'deny',
      policies: ['acme/nobody-reads'],
      policySet: engine.of(acme).digest,
    })
    expect(engine.decide(readsStudio(other)).decision).toBe('allow')
    expect(engine.of(acme).digest).not.toBe(engine.of(other).digest)
    engine.enforce(acme, [])
    expect(engine.decide(readsStudio(acme)).decision).toBe('allow')
    expect(engine.of(acme).digest).toBe(engine.shipped.digest)
  })

  it('never permit what a guardrail forbids', () => {
    engine.enforce(acme, [permitEffects])
    const decision = engine.decide({
      principal: { ...person(acme, 'owner'), kind: 'agent', onBehalfOf: 'person:ada' as PrincipalId },
      action: 'decide-workflow',
      resource: { kind: 'studio', tenantId: acme },
      context: { decision: 'approved', inLineage: true },
    })
    expect(decision).toMatchObject({
      decision: 'deny',
      policies: ['guardrails/approval-never-by-the-author', 'guardrails/only-people-approve'],
    })
    engine.enforce(acme, [])
  })

  it('can not lock out those who could take them back', () => {
    const text = '@id("acme/nothing")\nforbid (principal, action, resource);\n'
    engine.enforce(acme, [{ name: 'nothing', text }])
    const ask = (action: 'draft-policy' | 'read-studio') =>
      engine.decide({
        principal: person(acme, 'owner'),
        action,
        resource: { kind: 'studio', tenantId: acme },
      }).decision
    expect([ask('draft-policy'), ask('read-studio')]).toEqual(['allow', 'deny'])
    engine.enforce(acme, [])
  })

  it('deny everything for the tenant when they can not be evaluated, and say why', () => {
    const text = '@id("acme/typo")\nforbid (principal, action, resource) when { principal.nothing };\n'
    const problems = engine.enforce(acme, [{ name: 'typo', text }])
    expect(problems[0]).toMatchObject({ file: 'typo', line: 2, help: 'did you mean `tenant`?' })
    const decision = engine.decide(readsStudio(acme))
    expect(decision.decision).toBe('deny')
    expect(decision.errors[0]).toContain('typo:2:')
    engine.enforce(acme, [])
  })

  it('are tried out beside what is in force, a few at a time', () => {
    const first = engine.tryOut([forbidReading])
    expect(first?.decide(readsStudio(acme)).decision).toBe('deny')
    expect(engine.decide(readsStudio(acme)).decision).toBe('allow')
    const more = [1, 2, 3].map(() => engine.tryOut([]))
    expect(more.at(-1)?.decide(readsStudio(acme)).decision).toBe('allow')
    expect(engine.tryOut([])).toBeUndefined()
    for (const candidate of [first, ...more]) candidate?.release()
    const again = engine.tryOut([])
    expect(again?.decide(readsStudio(acme)).decision).toBe('allow')
    again?.release()
  })
})

describe('problems in a text', () => {
  const check = (text: string) =>
    engine.check([{ name: 'draft', text }]).map(({ line, column, message }) => ({ line, column, message }))

  it('have their place', () => {
    expect(check('@id("a")\nforbid (principal, action,\n  resorce);\n')).toMatchObject([
      { line: 3, column: 3 },
    ])
    expect(
      check('// eine Ergänzung\n@id("ä")\nforbid (principal, action, resource) when { 1 };\n'),
    ).toMatchObject([{ line: 3, column: 45 }])
    expect(check('forbid (principal, action, resource);')).toEqual([
      { line: 1, column: 1, message: 'the policy needs an @id annotation' },
    ])
  })

  it('include ids that are taken, by shipped policies as well', () => {
    const text = '@id("guardrails/tenant-isolation")\npermit (principal, action, resource);\n'
    expect(check(text)[0]?.message).toContain('already used')
  })

  it('include actions that do not exist', () => {
    const text =
      '@id("a")\nforbid (principal, action == Atelier::Action::"fly", resource);\n@id("b")\nforbid (principal, action == Atelier::Action::"swim", resource);\n'
    expect(check(text).map(({ line }) => line)).toEqual(expect.arrayContaining([2, 4]))
  })
})
