import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../../contracts/index.ts'
import type { ProjectId } from '../../kernel/index.ts'
import { silentLogger } from '../../kernel/index.ts'
import { createGovernedStudio, createPlainBrowser, startIdentityProvider } from '../../testing/index.ts'
import type { GovernedStudio, IdentityProvider, PlainBrowser } from '../../testing/index.ts'
import { createAuthenticator, issueApiToken } from '../credentials/index.ts'
import { seededIdentities, seedIdentities } from '../identity/index.ts'
import { createSignIn, readProviders } from './index.ts'
import type { SignIn } from './index.ts'

// Nothing listens there: what would come back is taken before it is asked for.
const address = { url: 'http://127.0.0.1:1' }
const callback = `${address.url}/auth/callback/corp`
const isCallback = (url: string): boolean => url.startsWith(callback)

let studio: GovernedStudio
let identityProvider: IdentityProvider
let signIn: SignIn
let folder: string

beforeAll(async () => {
  studio = await createGovernedStudio()
  await seedIdentities(studio.database)
  identityProvider = await startIdentityProvider({ redirectUri: callback, afterSignOut: `${address.url}/` })
  folder = await mkdtemp(join(tmpdir(), 'atelier-providers-'))
  const file = join(folder, 'providers.yaml')
  await writeFile(
    file,
    `providers:
  corp:
    name: Corporate
    issuer: ${identityProvider.issuer}
    clientId: ${identityProvider.clientId}
    clientSecret: CORP_SECRET
    tenant: default
    groups:
      devs: { roles: [engineer] }
      leads: { roles: [approver], projects: { default: [owner], missing: [owner] } }
  down:
    name: Down
    issuer: http://127.0.0.1:9
    clientId: x
    tenant: default
`,
  )
  const providers = await readProviders(file, (name) =>
    name === 'CORP_SECRET' ? identityProvider.clientSecret : undefined,
  )
  signIn = createSignIn({ database: studio.database, audit: studio.governance.audit, address, providers })
})
afterAll(async () => {
  await identityProvider.close()
  await studio[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const authenticator = () => createAuthenticator({ database: studio.database, address, logger: silentLogger })
const callerIn = (browser: PlainBrowser): Promise<Caller | undefined> =>
  authenticator().authenticate({ cookie: browser.cookiesFor(address.url) })

/** Begins at the studio and signs in at the provider, up to the address with which it sends the browser back. */
async function returnFrom(browser: PlainBrowser, account: string, returnTo?: string): Promise<string> {
  const begun = await signIn.begin('corp', returnTo)
  for (const header of begun.cookies) browser.setCookie(address.url, header)
  const page = await browser.get(begun.location, isCallback)
  if (isCallback(page.url)) return page.url
  const done = await browser.post(page.url, { prompt: 'login', login: account, password: 'any' }, isCallback)
  expect(done.url).toMatch(callback)
  return done.url
}

async function finish(browser: PlainBrowser, returned: string) {
  const done = await signIn.finish('corp', returned.slice(address.url.length), {
    cookies: browser.cookiesFor(address.url),
    device: 'Test',
  })
  for (const header of done.cookies) browser.setCookie(address.url, header)
  return done
}

async function signInAs(account: string, browser = createPlainBrowser(), returnTo?: string) {
  const { location } = await finish(browser, await returnFrom(browser, account, returnTo))
  return { browser, location, caller: await callerIn(browser) }
}

describe('signing in at an identity provider', () => {
  it('makes the person the first time, with the roles of their groups', async () => {
    identityProvider.accounts.set('ann', { name: 'Ann', groups: ['devs', 'chess-club'] })
    const { caller, location } = await signInAs('ann', createPlainBrowser(), '/runs/1')
    expect(location).toBe('/runs/1')
    expect(caller).toMatchObject({
      principal: { kind: 'person', id: 'person:ann', tenantId: seededIdentities.tenant, roles: ['engineer'] },
      via: 'session',
    })
    const again = await signInAs('ann')
    expect(again.caller?.principal.id).toBe('person:ann')
    expect(again.caller?.credentialId).not.toBe(caller?.credentialId)
  })

  it('applies the groups anew each time, and leaves what people gave', async () => {
    identityProvider.accounts.set('bea', { name: 'Bea', groups: ['devs', 'leads'] })
    const first = await signInAs('bea')
    expect(first.caller?.principal).toMatchObject({
      roles: ['approver', 'engineer'],
      projectRoles: { ['default' as ProjectId]: ['owner'] },
    })
    const scope = { ...studio.scope, tenantId: seededIdentities.tenant }
    await studio.database.transaction(scope, (tx) =>
      tx
        .insertInto('principal_roles')
        .values({ tenant_id: scope.tenantId, principal_id: 'person:bea', role: 'viewer' })
        .execute(),
    )
    identityProvider.accounts.get('bea')!.groups = []
    const second = await signInAs('bea')
    expect(second.caller?.principal.roles).toEqual(['viewer'])
    expect(second.caller?.principal.projectRoles).toBeUndefined()
  })

  it('takes everything from somebody who has lost all groups', async () => {
    identityProvider.accounts.set('cal', { name: 'Cal', groups: ['devs'] })
    const { browser, caller } = await signInAs('cal')
    const { tenantId, id } = caller!.principal
    const { token } = await studio.database.transaction({ kind: 'tenant', tenantId, principalId: id }, (tx) =>
      issueApiToken(tx, {
        tenantId,
        principalId: id,
        name: 't',
        scopes: ['read'],
        lifetimeMs: 3_600_000,
        createdBy: id,
      }),
    )
    identityProvider.accounts.get('cal')!.groups = ['chess-club']
    await expect(signInAs('cal')).rejects.toMatchObject({ code: 'ATL_OIDC_NO_ACCESS_FORBIDDEN' })
    expect(await callerIn(browser)).toBeUndefined()
    await expect(authenticator().authenticate({ authorization: `Bearer ${token}` })).rejects.toMatchObject({
      code: 'ATL_TOKEN_REVOKED',
    })
    identityProvider.accounts.set('dot', { name: 'Dot', groups: [] })
    await expect(signInAs('dot')).rejects.toMatchObject({ code: 'ATL_OIDC_NO_ACCESS_FORBIDDEN' })
  })

  it('takes nobody for somebody who is there already because of their name', async () => {
    identityProvider.accounts.set('owner', { name: 'Not the owner', groups: ['devs'] })
    const { caller } = await signInAs('owner')
    expect(caller?.principal.id).toMatch(/^person:owner-[0-9a-f]{8}$/)
    expect(caller?.principal.roles).toEqual(['engineer'])
  })

  it('makes one person of two first sign-ins at the same time', async () => {
    identityProvider.accounts.set('eve', { name: 'Eve', groups: ['devs'] })
    const both = await Promise.all([signInAs('eve'), signInAs('eve')])
    expect(new Set(both.map(({ caller }) => caller?.principal.id))).toEqual(new Set(['person:eve']))
  })

  it('does not let in who is disabled', async () => {
    identityProvider.accounts.set('fay', { name: 'Fay', groups: ['devs'] })
    await signInAs('fay')
    const scope = { ...studio.scope, tenantId: seededIdentities.tenant }
    await studio.database.transaction(scope, (tx) =>
      tx.updateTable('principals').set({ disabled: true }).where('id', '=', 'person:fay').execute(),
    )
    await expect(signInAs('fay')).rejects.toMatchObject({ code: 'ATL_OIDC_PERSON_FORBIDDEN' })
  })

  it('ends at the provider too', async () => {
    identityProvider.accounts.set('gus', { name: 'Gus', groups: ['devs'] })
    const { browser, caller } = await signInAs('gus')
    const { location, cookies } = await signIn.signOut(caller)
    expect(cookies.join()).toContain('Max-Age=0')
    expect(await callerIn(browser)).toBeUndefined()
    const there = new URL(location)
    expect(there.origin).toBe(identityProvider.issuer)
    expect(there.searchParams.get('post_logout_redirect_uri')).toBe(`${address.url}/`)
    expect((await browser.get(location)).status).toBe(200)
  })
})

describe('a return from the provider is refused', () => {
  const refused = { code: 'ATL_OIDC_ATTEMPT_INVALID' }
  beforeAll(() => identityProvider.accounts.set('hal', { name: 'Hal', groups: ['devs'] }))

  it('the second time, and of two at the same time one', async () => {
    const browser = createPlainBrowser()
    const returned = await returnFrom(browser, 'hal')
    const outcomes = await Promise.allSettled([finish(browser, returned), finish(browser, returned)])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(finish(browser, returned)).rejects.toMatchObject(refused)
  })

  it('in another browser, so that nobody is signed in as somebody else by a link', async () => {
    const attacker = createPlainBrowser()
    const returned = await returnFrom(attacker, 'hal')
    const victim = createPlainBrowser()
    await expect(finish(victim, returned)).rejects.toMatchObject(refused)
    await returnFrom(victim, 'hal')
    await expect(finish(victim, returned)).rejects.toMatchObject(refused)
  })

  it('after ten minutes', async () => {
    const browser = createPlainBrowser()
    const returned = await returnFrom(browser, 'hal')
    const scope = { ...studio.scope, tenantId: seededIdentities.tenant }
    await studio.database.transaction(scope, (tx) =>
      tx
        .updateTable('sign_in_attempts')
        .set({ expires_at: sql<Date>`now()` })
        .execute(),
    )
    await expect(finish(browser, returned)).rejects.toMatchObject(refused)
  })

  it('with a code that was made up, belongs to another sign-in, or with an error', async () => {
    const change = async (alter: (url: URL) => void) => {
      const browser = createPlainBrowser()
      const url = new URL(await returnFrom(browser, 'hal'))
      alter(url)
      return finish(browser, url.href)
    }
    const other = new URL(await returnFrom(createPlainBrowser(), 'hal')).searchParams.get('code')!
    await expect(change((url) => url.searchParams.set('code', 'guessed'))).rejects.toMatchObject({
      code: 'ATL_OIDC_REFUSED',
    })
    // PKCE: a stolen code is worth nothing with another verifier.
    await expect(change((url) => url.searchParams.set('code', other))).rejects.toMatchObject({
      code: 'ATL_OIDC_REFUSED',
    })
    await expect(change((url) => url.searchParams.set('iss', 'https://evil.test'))).rejects.toMatchObject({
      code: 'ATL_OIDC_REFUSED',
    })
    await expect(
      change((url) => {
        url.searchParams.delete('code')
        url.searchParams.set('error', 'access_denied')
      }),
    ).rejects.toMatchObject({ code: 'ATL_OIDC_REFUSED' })
    await expect(change((url) => url.searchParams.delete('state'))).rejects.toMatchObject(refused)
  })

  it('and nobody is sent elsewhere afterwards', async () => {
    for (const elsewhere of [
      '//evil.test',
      'https://evil.test',
      '/\\evil.test',
      'javascript:alert(1)',
      '/a\nb',
    ])
      expect((await signInAs('hal', createPlainBrowser(), elsewhere)).location).toBe('/')
  })
})

describe('a provider', () => {
  it('that does not answer is named', async () => {
    await expect(signIn.begin('down', '/')).rejects.toMatchObject({
      code: 'ATL_OIDC_PROVIDER_UNAVAILABLE',
      retryable: true,
    })
    await expect(signIn.begin('nobody', '/')).rejects.toMatchObject({ code: 'ATL_OIDC_PROVIDER_NOT_FOUND' })
  })

  it('is configured in a file whose mistakes are named', async () => {
    const file = join(folder, 'wrong.yaml')
    const read = async (text: string) => {
      await writeFile(file, text)
      return readProviders(file, () => undefined)
    }
    expect(await readProviders(join(folder, 'none.yaml'), () => undefined)).toEqual([])
    expect(await read('')).toEqual([])
    const base = 'providers: { a: { name: A, clientId: x, tenant: default, issuer:'
    for (const wrong of [
      'providers: [',
      'providers: { a: {} }',
      `${base} "http://login.example.org" } }`,
      `${base} "ftp://127.0.0.1" } }`,
      `${base} "https://x.test", groups: { g: { roles: [emperor] } } } }`,
      `${base} "https://x.test", clientSecret: "s3cret" } }`,
    ])
      await expect(read(wrong)).rejects.toMatchObject({ code: 'ATL_OIDC_CONFIGURATION_INVALID' })
    await expect(read(`${base} "https://x.test", clientSecret: A_SECRET } }`)).rejects.toMatchObject({
      code: 'ATL_OIDC_SECRET_MISSING',
    })
    await expect(readProviders(folder, () => undefined)).rejects.toMatchObject({
      code: 'ATL_OIDC_CONFIGURATION_INVALID',
    })
  })
})
