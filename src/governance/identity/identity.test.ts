import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Principal } from '../../contracts/index.ts'
import type { PrincipalId, ProjectId, RunId } from '../../kernel/index.ts'
import { createTestDatabase } from '../../testing/index.ts'
import type { TenantScope, TestDatabase } from '../../testing/index.ts'
import {
  authenticate,
  findPrincipal,
  identityMigrations,
  lineageOf,
  openMandate,
  readMandate,
  registerPrincipal,
  seededIdentities,
  seedIdentities,
} from './index.ts'

let test: TestDatabase
let scope: TenantScope

beforeAll(async () => {
  test = await createTestDatabase({ migrations: identityMigrations })
  scope = await test.createTenant()
})
afterAll(() => test.close())

const kindOf = (id: string): Principal['kind'] => id.split(':')[0] as Principal['kind']

/** Registers `id` and, where given, whom it acts for; circles are possible, as an attacker would leave them. */
async function register(tenant: TenantScope, acting: Readonly<Record<string, string | null>>): Promise<void> {
  await test.database.transaction(tenant, async (tx) => {
    for (const id of Object.keys(acting))
      await registerPrincipal(tx, tenant.tenantId, {
        id: id as PrincipalId,
        kind: kindOf(id),
        name: id,
        roles: id === 'person:ann' ? ['approver'] : [],
      })
    for (const [id, onBehalfOf] of Object.entries(acting))
      await tx
        .updateTable('principals')
        .set({ on_behalf_of: onBehalfOf })
        .where('tenant_id', '=', tenant.tenantId)
        .where('id', '=', id)
        .execute()
  })
}

const authenticateAs = (id: string, claim: Partial<Principal> = {}): Promise<Principal> =>
  test.database.transaction(scope, (tx) =>
    authenticate(tx, scope.tenantId, {
      kind: kindOf(id),
      id: id as PrincipalId,
      tenantId: scope.tenantId,
      roles: [],
      onBehalfOf: undefined,
      ...claim,
    }),
  )

describe('authentication', () => {
  beforeAll(() =>
    register(scope, {
      'person:ann': null,
      'person:bob': null,
      'agent:free': null,
      'agent:bound': 'person:ann',
      'service:runner': 'person:ann',
      'agent:nested': 'service:runner',
      'service:lonely': null,
      'agent:around': 'service:around',
      'service:around': 'agent:around',
    }),
  )
  const behalf = (id: string) => ({ onBehalfOf: id as PrincipalId })

  it('takes roles from what is registered and never from the claim', async () => {
    expect((await authenticateAs('person:ann', { roles: [] })).roles).toEqual(['approver'])
    expect((await authenticateAs('person:bob', { roles: ['owner', 'approver'] })).roles).toEqual([])
  })

  it('finds the person at the end of the chain', async () => {
    expect((await authenticateAs('agent:free', behalf('person:bob'))).onBehalfOf).toBe('person:bob')
    expect((await authenticateAs('agent:bound')).onBehalfOf).toBe('person:ann')
    expect((await authenticateAs('agent:nested')).onBehalfOf).toBe('person:ann')
    expect((await authenticateAs('agent:free', behalf('service:runner'))).onBehalfOf).toBe('person:ann')
    expect((await authenticateAs('service:lonely')).onBehalfOf).toBeUndefined()
  })

  it.each([
    ['another than the one it is bound to', 'agent:bound', behalf('person:bob')],
    ['itself', 'agent:free', behalf('agent:free')],
    ['a circle', 'agent:around', {}],
    ['a circle it was led into', 'agent:free', behalf('agent:around')],
    ['no person in the end', 'agent:free', behalf('service:lonely')],
    ['anybody, being a person', 'person:bob', behalf('person:ann')],
  ])('refuses to act for %s', async (_whom, id, claim) => {
    await expect(authenticateAs(id, claim)).rejects.toMatchObject({
      code: 'ATL_IDENTITY_DELEGATION_INVALID',
    })
  })

  it('refuses who is disabled, directly or at the end of the chain', async () => {
    await register(scope, { 'person:gone': null, 'agent:orphan': 'person:gone' })
    const disable = (disabled: boolean) =>
      test.database.transaction(scope, (tx) =>
        tx.updateTable('principals').set({ disabled }).where('id', '=', 'person:gone').execute(),
      )
    await authenticateAs('agent:orphan')
    await disable(true)
    await expect(authenticateAs('person:gone')).rejects.toMatchObject({ code: 'ATL_IDENTITY_DISABLED' })
    await expect(authenticateAs('agent:orphan')).rejects.toMatchObject({ code: 'ATL_IDENTITY_DISABLED' })
  })

  it('does not know the principals of another tenant (I9)', async () => {
    const other = await test.createTenant()
    await register(other, { 'agent:theirs': null })
    await expect(authenticateAs('agent:theirs', behalf('person:ann'))).rejects.toMatchObject({
      code: 'ATL_IDENTITY_UNKNOWN',
    })
    await expect(authenticateAs('agent:free', behalf('person:theirs'))).rejects.toMatchObject({
      code: 'ATL_IDENTITY_UNKNOWN',
    })
  })
})

describe('lineage', () => {
  it('is everybody reachable by delegation, for every shape of registrations, circles included', async () => {
    const ids = ['agent:a', 'agent:b', 'service:c', 'service:d', 'agent:e', 'person:f', 'person:g']
    const targets = fc.record(
      Object.fromEntries(
        ids.map((id) => [id, kindOf(id) === 'person' ? fc.constant(null) : fc.constantFrom(null, ...ids)]),
      ),
    )
    await fc.assert(
      fc.asyncProperty(targets, fc.subarray(ids, { minLength: 1 }), async (acting, authors) => {
        const tenant = await test.createTenant()
        await register(tenant, acting)
        const lineage = await test.database.transaction(tenant, (tx) =>
          lineageOf(tx, tenant.tenantId, authors),
        )
        const expected = new Set(authors)
        for (const id of expected) {
          const next = acting[id]
          if (next != null) expected.add(next)
        }
        expect([...lineage].sort()).toEqual([...expected].sort())
      }),
      { numRuns: 20 },
    )
  })

  it('keeps names that nobody has registered', async () => {
    const lineage = await test.database.transaction(scope, (tx) =>
      lineageOf(tx, scope.tenantId, ['agent:unknown']),
    )
    expect([...lineage]).toEqual(['agent:unknown'])
  })
})

describe('the first identities', () => {
  it('are there after any number of starts', async () => {
    await Promise.all([seedIdentities(test.database), seedIdentities(test.database)])
    await seedIdentities(test.database)
    const { tenant, owner, reporter, studio, zeroTokenEngineer } = seededIdentities
    const found = await test.database.transaction(
      { kind: 'tenant', tenantId: tenant, principalId: owner },
      async (tx) => [
        await findPrincipal(tx, tenant, owner),
        await findPrincipal(tx, tenant, reporter),
        await findPrincipal(tx, tenant, studio),
        await findPrincipal(tx, tenant, zeroTokenEngineer),
        await findPrincipal(tx, tenant, 'person:nobody' as PrincipalId),
      ],
    )
    expect(found.map((principal) => principal && [principal.id, ...principal.roles])).toEqual([
      ['person:owner', 'approver', 'owner'],
      ['person:reporter', 'engineer'],
      ['service:studio'],
      ['agent:zero-token-engineer'],
      undefined,
    ])
  })
})

describe('a mandate', () => {
  it('belongs to one requester and one project', async () => {
    const mandate = {
      tenantId: scope.tenantId,
      runId: 'run' as RunId,
      projectId: 'project' as ProjectId,
      requester: 'person:ann' as PrincipalId,
      repository: '/srv/app',
    }
    const open = (change: Partial<typeof mandate> = {}) =>
      test.database.transaction(scope, (tx) => openMandate(tx, { ...mandate, ...change }))
    await open()
    await open()
    await expect(open({ requester: 'person:bob' as PrincipalId })).rejects.toMatchObject({
      code: 'ATL_MANDATE_CONFLICT',
    })
    await expect(open({ projectId: 'other' as ProjectId })).rejects.toMatchObject({
      code: 'ATL_MANDATE_CONFLICT',
    })
    const stored = await test.database.transaction(scope, (tx) =>
      readMandate(tx, scope.tenantId, mandate.runId),
    )
    expect(stored).toEqual({ ...mandate, closed: false })
  })
})
