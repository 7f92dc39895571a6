import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../../contracts/index.ts'
import { silentLogger } from '../../kernel/index.ts'
import type { PrincipalId, ProjectId } from '../../kernel/index.ts'
import { createTestDatabase } from '../../testing/index.ts'
import type { TenantScope, TestDatabase } from '../../testing/index.ts'
import { redactText } from '../door/index.ts'
import { createSecret, identityMigrations, registerPrincipal } from '../identity/index.ts'
import {
  apiTokensOf,
  createAuthenticator,
  createDeviceLogins,
  createSignInLink,
  credentialMigrations,
  issueApiToken,
  openSession,
  readCookie,
  revokeApiTokens,
  revokeSessions,
  sessionsOf,
  useSignInLink,
} from './index.ts'
import type { IssuedApiToken, NewApiToken } from './index.ts'

let test: TestDatabase
let scope: TenantScope
let other: TenantScope
const address = { url: 'https://studio.test' }
const owner = 'person:owner' as PrincipalId

beforeAll(async () => {
  test = await createTestDatabase({ migrations: [...identityMigrations, ...credentialMigrations] })
  scope = await test.createTenant()
  other = await test.createTenant()
})
afterAll(() => test.close())

const authenticator = () => createAuthenticator({ database: test.database, address, logger: silentLogger })
const withSession = (secret: string): Promise<Caller | undefined> =>
  authenticator().authenticate({ cookie: `a=b; __Host-atelier=${secret}` })
const withToken = (token: string): Promise<Caller | undefined> =>
  authenticator().authenticate({ authorization: `Bearer ${token}` })

const open = (tenant = scope, device = 'Firefox') =>
  test.database.transaction(tenant, (tx) =>
    openSession(tx, { tenantId: tenant.tenantId, principalId: owner, method: 'link', device }),
  )
const issue = (request: Partial<NewApiToken> = {}, tenant = scope): Promise<IssuedApiToken> =>
  test.database.transaction(tenant, (tx) =>
    issueApiToken(tx, {
      tenantId: tenant.tenantId,
      principalId: owner,
      name: 'ci',
      scopes: ['read'],
      lifetimeMs: 3_600_000,
      createdBy: owner,
      ...request,
    }),
  )

/** Moves all times of a row into the past, as time would. */
const age = (table: 'sessions' | 'api_tokens', id: string, columns: readonly string[], ms: number) =>
  test.database.transaction(scope, async (tx) => {
    for (const column of columns)
      await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sql.ref(column)} - ${ms} * interval '1 millisecond'
        where id = ${id}`.execute(tx)
  })
const minutes = (count: number): number => count * 60_000
const ageSession = (id: string, ms: number) =>
  age('sessions', id, ['last_used_at', 'rotated_at', 'confirmed_at', 'expires_at'], ms)

describe('a session', () => {
  it('says who its holder is, with the roles that hold now', async () => {
    const { id, secret } = await open()
    const caller = await withSession(secret)
    expect(caller).toMatchObject({
      principal: { kind: 'person', id: owner, tenantId: scope.tenantId },
      via: 'session',
      credentialId: id,
      scopes: 'all',
    })
    expect(caller?.principal.roles).toContain('owner')
  })

  it('is nobody’s without its secret, and its secret is nowhere', async () => {
    const { secret } = await open()
    const changed = secret.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    for (const wrong of [changed, createSecret('session'), createSecret('api'), '', '\0', 'x'.repeat(10_000)])
      expect(await withSession(wrong)).toBeUndefined()
    // Over https the cookie of plain http counts for nothing: a neighbouring host could have set it.
    expect(await authenticator().authenticate({ cookie: `atelier=${secret}` })).toBeUndefined()
    const { rows } = await test.database.transaction(scope, (tx) =>
      sql`select to_jsonb(sessions)::text from sessions`.execute(tx),
    )
    expect(JSON.stringify(rows)).not.toContain(secret.slice(12, 55))
    expect(JSON.stringify(rows)).toContain(createHash('sha256').update(secret).digest('hex'))
    expect(redactText(`cookie: ${secret}`)).not.toContain(secret.slice(12, 30))
  })

  it('ends when it is not used, and in the end however much it is used', async () => {
    const idle = await open()
    await ageSession(idle.id, minutes(12 * 60 - 5))
    expect(await withSession(idle.secret)).toBeDefined()
    await ageSession(idle.id, minutes(12 * 60 + 1))
    expect(await withSession(idle.secret)).toBeUndefined()
    const old = await open()
    await age('sessions', old.id, ['expires_at'], minutes(7 * 24 * 60 + 1))
    expect(await withSession(old.secret)).toBeUndefined()
  })

  it('gets a new secret after a while; the one before counts until the new one has been used', async () => {
    const { id, secret } = await open()
    const face = authenticator()
    const headers = { cookie: `__Host-atelier=${secret}` }
    expect(await face.renew((await face.authenticate(headers))!)).toBeUndefined()
    await ageSession(id, minutes(16))
    const callers = await Promise.all(Array.from({ length: 8 }, () => face.authenticate(headers)))
    const cookies = (await Promise.all(callers.map((caller) => face.renew(caller!)))).filter(
      (value) => value !== undefined,
    )
    // Many requests at once, one new secret.
    expect(cookies).toHaveLength(1)
    expect(cookies[0]).toMatch(
      /^__Host-atelier=atl_session_\S+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure$/,
    )
    const renewed = readCookie(cookies[0], '__Host-atelier')!
    // The answer may have got lost: the old secret goes on.
    await age('sessions', id, ['rotated_at'], minutes(5))
    expect(await withSession(secret)).toBeDefined()
    expect((await withSession(renewed))?.credentialId).toBe(id)
    expect(await withSession(secret)).toBeDefined()
    await age('sessions', id, ['confirmed_at'], minutes(1.1))
    expect(await withSession(secret)).toBeUndefined()
    expect(await withSession(renewed)).toBeDefined()
  })

  it('is listed with its device and revoked at once: one, the others, or all', async () => {
    const tenant = await test.createTenant()
    const [one, two, three] = [await open(tenant, 'A\n\u202e'), await open(tenant), await open(tenant)]
    const within = <T>(work: (tx: Parameters<typeof sessionsOf>[0]) => Promise<T>) =>
      test.database.transaction(tenant, work)
    const list = () => within((tx) => sessionsOf(tx, tenant.tenantId, owner))
    expect((await list()).map(({ id }) => id).sort()).toEqual([one.id, two.id, three.id].sort())
    expect((await list()).find(({ id }) => id === one.id)?.device).toBe('A??')
    await within((tx) => revokeSessions(tx, tenant.tenantId, owner, { id: one.id }))
    expect(await withSession(one.secret)).toBeUndefined()
    await within((tx) => revokeSessions(tx, tenant.tenantId, owner, { except: two.id }))
    expect(await withSession(three.secret)).toBeUndefined()
    expect(await withSession(two.secret)).toBeDefined()
    await within((tx) => revokeSessions(tx, tenant.tenantId, owner))
    expect(await list()).toEqual([])
  })

  it('is worth nothing once its holder is disabled or the tenant suspended', async () => {
    const tenant = await test.createTenant()
    const { secret } = await open(tenant)
    const set = (column: 'disabled', value: boolean) =>
      test.database.transaction(tenant, (tx) =>
        tx
          .updateTable('principals')
          .set({ [column]: value })
          .where('id', '=', owner)
          .execute(),
      )
    await set('disabled', true)
    expect(await withSession(secret)).toBeUndefined()
    await set('disabled', false)
    expect(await withSession(secret)).toBeDefined()
    await test.database.transaction({ kind: 'system' }, (tx) =>
      tx.updateTable('tenants').set({ state: 'suspended' }).where('id', '=', tenant.tenantId).execute(),
    )
    expect(await withSession(secret)).toBeUndefined()
  })

  it('cannot be seen or ended by another tenant', async () => {
    const { id, secret } = await open()
    expect(
      await test.database.transaction(other, (tx) => revokeSessions(tx, scope.tenantId, owner, { id })),
    ).toBe(0)
    expect(
      await test.database.transaction(other, (tx) => tx.selectFrom('sessions').selectAll().execute()),
    ).toEqual([])
    expect(await withSession(secret)).toBeDefined()
  })
})

describe('an API token', () => {
  it('stands for its holder, within its scopes and projects', async () => {
    const { token, id } = await issue({ scopes: ['read', 'decide-approval'], projects: ['p' as ProjectId] })
    expect(token).toMatch(/^atl_api_[A-Za-z0-9_-]{43}[0-9a-f]{8}$/)
    expect(await withToken(token)).toMatchObject({
      principal: { id: owner, onlyProjects: ['p'] },
      via: 'token',
      credentialId: id,
      scopes: ['read', 'decide-approval'],
    })
  })

  it('wins over a cookie, and is refused for what is wrong with it', async () => {
    const { secret } = await open()
    const both = authenticator().authenticate({
      cookie: `__Host-atelier=${secret}`,
      authorization: `Bearer ${createSecret('api')}`,
    })
    await expect(both).rejects.toMatchObject({ code: 'ATL_TOKEN_UNKNOWN' })
    for (const wrong of [createSecret('sk'), createSecret('session'), 'x', 'x'.repeat(100_000), '\0'])
      await expect(withToken(wrong)).rejects.toMatchObject({ code: 'ATL_TOKEN_UNKNOWN' })
    await expect(authenticator().authenticate({ authorization: 'Basic x' })).rejects.toMatchObject({
      code: 'ATL_TOKEN_UNKNOWN',
    })
    const old = await issue()
    await age('api_tokens', old.id, ['expires_at'], 3_601_000)
    await expect(withToken(old.token)).rejects.toMatchObject({ code: 'ATL_TOKEN_EXPIRED' })
    const revoked = await issue()
    await withToken(revoked.token)
    await test.database.transaction(scope, (tx) => revokeApiTokens(tx, scope.tenantId, { id: revoked.id }))
    await expect(withToken(revoked.token)).rejects.toMatchObject({ code: 'ATL_TOKEN_REVOKED' })
  })

  it('remembers when it was last used, and is shown without its secret', async () => {
    const tenant = await test.createTenant()
    const { id, token } = await issue({}, tenant)
    const list = () => test.database.transaction(tenant, (tx) => apiTokensOf(tx, tenant.tenantId, owner))
    expect(await list()).toMatchObject([{ id, lastUsedAt: null }])
    await withToken(token)
    expect((await list())[0]?.lastUsedAt).toBeInstanceOf(Date)
    expect(JSON.stringify(await list())).not.toContain(token.slice(8, 40))
  })

  it('has a bounded lifetime', async () => {
    for (const lifetimeMs of [0, -1, Number.NaN, 59_999, Infinity, 367 * 24 * 3_600_000])
      await expect(issue({ lifetimeMs })).rejects.toMatchObject({ code: 'ATL_TOKEN_LIFETIME_INVALID' })
  })

  it('of a service ends with the person who answers for it', async () => {
    const tenant = await test.createTenant()
    const service = 'service:ci' as PrincipalId
    await test.database.transaction(tenant, async (tx) => {
      await registerPrincipal(tx, tenant.tenantId, {
        id: service,
        kind: 'service',
        name: 'CI',
        roles: ['engineer'],
      })
      await tx.updateTable('principals').set({ on_behalf_of: owner }).where('id', '=', service).execute()
    })
    const { token } = await issue({ principalId: service }, tenant)
    expect((await withToken(token))?.principal).toMatchObject({
      kind: 'service',
      onBehalfOf: owner,
      roles: ['engineer'],
    })
    await test.database.transaction(tenant, (tx) =>
      tx.updateTable('principals').set({ disabled: true }).where('id', '=', owner).execute(),
    )
    await expect(withToken(token)).rejects.toMatchObject({ code: 'ATL_TOKEN_UNKNOWN' })
  })
})

describe('a sign-in link', () => {
  const make = () => test.database.transaction(scope, (tx) => createSignInLink(tx, scope.tenantId, owner))
  const use = (code: string) => useSignInLink(test.database, code, 'Firefox', () => Promise.resolve())

  it('signs in once, however many try at the same time', async () => {
    const code = await make()
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => use(code)))
    const signedIn = tries.filter((result) => result.status === 'fulfilled')
    expect(signedIn).toHaveLength(1)
    expect((await withSession(signedIn[0]!.value.secret))?.principal.id).toBe(owner)
    for (const result of tries)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'ATL_SIGNIN_LINK_INVALID' })
  })

  it('is refused when expired, replaced, guessed or undone by what was to be recorded with it', async () => {
    const first = await make()
    const second = await make()
    await expect(use(first)).rejects.toMatchObject({ code: 'ATL_SIGNIN_LINK_INVALID' })
    await expect(use(createSecret('link'))).rejects.toMatchObject({ code: 'ATL_SIGNIN_LINK_INVALID' })
    await expect(
      useSignInLink(test.database, second, '', () => Promise.reject(new Error('no record'))),
    ).rejects.toThrow('no record')
    await use(second)
    const third = await make()
    await test.database.transaction(scope, (tx) =>
      tx
        .updateTable('sign_in_links')
        .set({ expires_at: sql<Date>`now()` })
        .where('used_at', 'is', null)
        .execute(),
    )
    await expect(use(third)).rejects.toMatchObject({ code: 'ATL_SIGNIN_LINK_INVALID' })
  })
})

describe('a sign-in on another device', () => {
  const by = {
    kind: 'person',
    id: owner,
    get tenantId() {
      return scope.tenantId
    },
    roles: [],
    onBehalfOf: undefined,
  } as const
  const rest = () =>
    test.database.transaction({ kind: 'system' }, (tx) =>
      tx.updateTable('device_logins').set({ polled_at: null }).execute(),
    )

  it('waits, is told to slow down, and ends in a token, once', async () => {
    const logins = createDeviceLogins(test.database)
    const { deviceCode, userCode, intervalSeconds } = await logins.start('atelier on laptop')
    expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(intervalSeconds).toBe(5)
    expect(await logins.poll(deviceCode)).toEqual({ kind: 'pending' })
    expect(await logins.poll(deviceCode)).toEqual({ kind: 'slow-down' })
    const typed = userCode.toLowerCase().replace('-', ' ')
    expect((await logins.look(typed)).device).toBe('atelier on laptop')
    await logins.decide(typed, by, 'approved')
    await rest()
    const states = await Promise.all(Array.from({ length: 5 }, () => logins.poll(deviceCode)))
    const signedIn = states.filter((state) => state.kind === 'signed-in')
    expect(signedIn).toHaveLength(1)
    expect(states.filter(({ kind }) => kind === 'expired')).toHaveLength(4)
    expect((await withToken(signedIn[0]!.token.token))?.principal).toMatchObject({
      id: owner,
      tenantId: scope.tenantId,
    })
  })

  it('is decided once, by whoever is first', async () => {
    const logins = createDeviceLogins(test.database)
    const { deviceCode, userCode } = await logins.start('x')
    const verdicts = await Promise.allSettled([
      logins.decide(userCode, by, 'denied'),
      logins.decide(userCode, { ...by, tenantId: other.tenantId }, 'approved'),
    ])
    expect(verdicts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(logins.look(userCode)).rejects.toMatchObject({ code: 'ATL_DEVICE_DECIDED' })
    expect((await logins.poll(deviceCode)).kind).toBe(
      verdicts[0].status === 'fulfilled' ? 'denied' : 'signed-in',
    )
  })

  it('expires, and knows no guessed codes', async () => {
    const logins = createDeviceLogins(test.database)
    const { deviceCode, userCode } = await logins.start('x')
    await test.database.transaction({ kind: 'system' }, (tx) =>
      tx
        .updateTable('device_logins')
        .set({ expires_at: sql<Date>`now()` })
        .where('user_code', '=', userCode)
        .execute(),
    )
    expect(await logins.poll(deviceCode)).toEqual({ kind: 'expired' })
    for (const code of [userCode, 'BBBB-BBBB', '', '%', 'x'.repeat(1000)])
      await expect(logins.look(code)).rejects.toMatchObject({ code: 'ATL_DEVICE_CODE_UNKNOWN' })
    for (const code of [createSecret('device'), createSecret('api'), ''])
      expect(await logins.poll(code)).toEqual({ kind: 'expired' })
  })
})
