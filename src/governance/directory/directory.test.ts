import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller, Principal } from '../../contracts/index.ts'
import type { PrincipalId, ProjectId } from '../../kernel/index.ts'
import { silentLogger } from '../../kernel/index.ts'
import { createGovernedStudio } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import { createAuthenticator, useSignInLink } from '../credentials/index.ts'
import { findPrincipal } from '../identity/index.ts'
import { createCredentials, createPeople } from './index.ts'
import type { Credentials, People } from './index.ts'

let studio: GovernedStudio
let people: People
let credentials: Credentials
const project = 'project' as ProjectId
const id = (name: string): PrincipalId => name as PrincipalId

beforeAll(async () => {
  studio = await createGovernedStudio()
  people = createPeople(studio.governance.administration)
  credentials = createCredentials(studio.governance.administration)
  await studio.database.transaction(studio.scope, (tx) =>
    tx
      .insertInto('projects')
      .values({
        tenant_id: studio.tenantId,
        id: project,
        principal_id: 'person:owner',
        name: 'P',
        settings: '{}',
      })
      .execute(),
  )
})
afterAll(() => studio[Symbol.asyncDispose]())

const as = async (name: string, more: Partial<Caller> = {}): Promise<Caller> => {
  const found = await studio.database.transaction(studio.scope, (tx) =>
    findPrincipal(tx, studio.tenantId, id(name)),
  )
  return { principal: found!, via: 'session', credentialId: null, scopes: 'all', ...more }
}
const authenticator = () =>
  createAuthenticator({
    database: studio.database,
    address: { url: 'http://127.0.0.1' },
    logger: silentLogger,
  })

describe('people', () => {
  it('are invited with a link that signs them in, and have no role until they are given one', async () => {
    const { member, code } = await people.invite(await as('person:owner'), {
      id: id('person:ann'),
      name: 'Ann',
    })
    expect(member).toMatchObject({ kind: 'person', roles: [], disabled: false })
    const { secret } = await useSignInLink(studio.database, code, 'x', () => Promise.resolve())
    const caller = await authenticator().authenticate({ cookie: `atelier=${secret}` })
    expect(caller?.principal).toMatchObject({ id: 'person:ann', roles: [] })
    const given = await people.giveRole(await as('person:owner'), { memberId: member.id, role: 'engineer' })
    expect(given.roles).toEqual(['engineer'])
    await expect(
      people.invite(await as('person:owner'), { id: id('person:ann'), name: 'Ann' }),
    ).rejects.toMatchObject({ code: 'ATL_PEOPLE_EXISTS' })
  })

  it('get roles in one project alone, which count there and nowhere else', async () => {
    const { administration } = studio.governance
    await people.invite(await as('person:owner'), { id: id('person:guest'), name: 'Guest' })
    await people.giveRole(await as('person:owner'), {
      memberId: id('person:guest'),
      role: 'viewer',
      projectId: project,
    })
    const { principal } = await as('person:guest')
    expect(principal).toMatchObject({ roles: [], projectRoles: { project: ['viewer'] } })
    const read = (projectId: string) =>
      administration.authorise({
        principal,
        tenantId: studio.tenantId,
        intention: {
          action: 'read-project',
          resource: { kind: 'project', tenantId: studio.tenantId, projectId: projectId as ProjectId },
        },
        runId: null,
        detail: {},
      })
    await read('project')
    await expect(read('elsewhere')).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
    await expect(
      people.giveRole(await as('person:owner'), {
        memberId: id('person:guest'),
        role: 'viewer',
        projectId: 'none' as ProjectId,
      }),
    ).rejects.toMatchObject({ code: 'ATL_PEOPLE_PROJECT_NOT_FOUND' })
  })

  it('cannot raise themselves, whatever they claim to be', async () => {
    const engineer = await as('person:engineer')
    const claims: Principal = { ...engineer.principal, roles: ['owner'] }
    for (const caller of [engineer, { ...engineer, principal: claims }])
      for (const projectId of [undefined, project])
        await expect(
          people.giveRole(caller, { memberId: engineer.principal.id, role: 'owner', projectId }),
        ).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
    // The owner of a project reaches no further than the project.
    await people.giveRole(await as('person:owner'), {
      memberId: engineer.principal.id,
      role: 'owner',
      projectId: project,
    })
    const lead = await as('person:engineer')
    await people.giveRole(lead, { memberId: id('person:approver'), role: 'viewer', projectId: project })
    await expect(people.giveRole(lead, { memberId: lead.principal.id, role: 'owner' })).rejects.toMatchObject(
      {
        code: 'ATL_DOOR_DENIED',
      },
    )
  })

  it('never leave the tenant without an owner, not even two who step down at the same time', async () => {
    const owner = await as('person:owner')
    const stepDown = async (name: string) =>
      people.takeRole(await as(name), { memberId: id(name), role: 'owner' })
    await expect(stepDown('person:owner')).rejects.toMatchObject({ code: 'ATL_PEOPLE_LAST_OWNER_CONFLICT' })
    await expect(people.setDisabled(owner, id('person:owner'), true)).rejects.toMatchObject({
      code: 'ATL_PEOPLE_LAST_OWNER_CONFLICT',
    })
    await people.giveRole(owner, { memberId: id('person:approver'), role: 'owner' })
    const outcomes = await Promise.allSettled([stepDown('person:owner'), stepDown('person:approver')])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const [rest] = outcomes[0].status === 'fulfilled' ? ['person:approver'] : ['person:owner']
    await people
      .giveRole(await as(rest!), { memberId: id('person:owner'), role: 'owner' })
      .catch(() => undefined)
    expect((await as('person:owner')).principal.roles).toContain('owner')
  })

  it('lose every session and token when they are disabled', async () => {
    const owner = await as('person:owner')
    const { code } = await people.invite(owner, { id: id('person:leaver'), name: 'L' })
    await people.giveRole(owner, { memberId: id('person:leaver'), role: 'viewer' })
    const { secret } = await useSignInLink(studio.database, code, 'x', () => Promise.resolve())
    const { token } = await credentials.createToken(await as('person:leaver'), {
      name: 't',
      scopes: ['read'],
      lifetimeMs: 3_600_000,
    })
    await people.setDisabled(owner, id('person:leaver'), true)
    await people.setDisabled(owner, id('person:leaver'), false)
    expect(await authenticator().authenticate({ cookie: `atelier=${secret}` })).toBeUndefined()
    await expect(authenticator().authenticate({ authorization: `Bearer ${token}` })).rejects.toMatchObject({
      code: 'ATL_TOKEN_REVOKED',
    })
  })

  it('are listed page by page', async () => {
    const owner = await as('person:owner')
    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const page = await people.list(owner, { limit: 3, after })
      seen.push(...page.items.map((member) => member.id))
      if (page.next === null) break
      after = page.next
    }
    expect(seen).toEqual([...seen].sort())
    expect(seen).toContain('person:reporter')
    expect(seen.some((member) => member.startsWith('agent:'))).toBe(false)
  })
})

describe('services', () => {
  it('act for a person who answers for them, and never own or approve', async () => {
    const owner = await as('person:owner')
    await people.createService(owner, {
      id: id('service:ci'),
      name: 'CI',
      answeredForBy: id('person:reporter'),
    })
    await people.giveRole(owner, { memberId: id('service:ci'), role: 'engineer' })
    for (const role of ['owner', 'approver'] as const)
      await expect(people.giveRole(owner, { memberId: id('service:ci'), role })).rejects.toMatchObject({
        code: 'ATL_PEOPLE_ROLE_NOT_FOR_SERVICES',
      })
    const { token } = await credentials.createToken(owner, {
      name: 'pipeline',
      scopes: ['work'],
      lifetimeMs: 3_600_000,
      for: id('service:ci'),
    })
    const caller = await authenticator().authenticate({ authorization: `Bearer ${token}` })
    const runId = 'run-of-ci' as Parameters<typeof studio.request>[0]
    const { administration } = studio.governance
    await administration.openRun({
      tenantId: studio.tenantId,
      projectId: project,
      runId,
      requester: caller!.principal,
      repository: undefined,
    })
    const mandates = await studio.database.transaction(studio.scope, (tx) =>
      tx.selectFrom('mandates').select('principal_id').where('run_id', '=', runId).execute(),
    )
    expect(mandates).toEqual([{ principal_id: 'person:reporter' }])
  })
})

describe('tokens', () => {
  const request = { name: 't', scopes: ['read', 'work'], lifetimeMs: 3_600_000 }

  it('open no more than what they were made with', async () => {
    const narrow = await as('person:owner', { via: 'token', scopes: ['read', 'administer'] })
    await expect(credentials.createToken(narrow, request)).rejects.toMatchObject({
      code: 'ATL_TOKEN_SCOPE_TOO_WIDE',
    })
    await credentials.createToken(narrow, { ...request, scopes: ['read-run', 'read'] })
    const { principal } = narrow
    const bound = { ...narrow, principal: { ...principal, onlyProjects: [project] } }
    await expect(credentials.createToken(bound, { ...request, scopes: ['read'] })).rejects.toMatchObject({
      code: 'ATL_TOKEN_SCOPE_TOO_WIDE',
    })
  })

  it('are revoked by their holder and by those who look after them, and by nobody else', async () => {
    const { id: tokenId } = await credentials.createToken(await as('person:reporter'), request)
    await expect(credentials.revokeToken(await as('person:engineer'), tokenId)).rejects.toMatchObject({
      code: 'ATL_DOOR_DENIED',
    })
    await credentials.revokeToken(await as('person:owner'), tokenId)
    await expect(credentials.revokeToken(await as('person:owner'), tokenId)).rejects.toMatchObject({
      code: 'ATL_TOKEN_NOT_FOUND',
    })
    await expect(
      credentials.createToken(await as('person:owner'), { ...request, for: id('person:reporter') }),
    ).rejects.toMatchObject({ code: 'ATL_IDENTITY_UNKNOWN' })
  })

  it('leave a record of who made and ended them', async () => {
    const records = await studio.database.transaction(studio.scope, (tx) =>
      tx.selectFrom('audit_log').select(['record']).where('action', '=', 'manage-own-tokens').execute(),
    )
    expect(records.length).toBeGreaterThan(2)
    expect(records.map(({ record }) => record).join()).not.toMatch(/atl_api_/)
  })
})
