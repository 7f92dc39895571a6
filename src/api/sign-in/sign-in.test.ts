import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AtelierError, silentLogger } from '../../kernel/index.ts'
import {
  createAuthenticator,
  createDeviceLogins,
  createSignInLink,
  createStepKeys,
  issueStepCredential,
  longestStepLifetimeMs,
  verifyStepCredential,
} from '../../governance/credentials/index.ts'
import { createCredentials } from '../../governance/directory/index.ts'
import { createSignIn, readProviders } from '../../governance/sign-in/index.ts'
import { seededIdentities, seedIdentities } from '../../governance/index.ts'
import {
  createGovernedStudio,
  createPlainBrowser,
  movableClock,
  startIdentityProvider,
} from '../../testing/index.ts'
import type { GovernedStudio, IdentityProvider, PlainBrowser } from '../../testing/index.ts'
import { addSignInRoutes } from './index.ts'

let studio: GovernedStudio
let app: FastifyInstance
let identityProvider: IdentityProvider
let url: string
let folder: string
const { tenant: tenantId, owner } = seededIdentities

beforeAll(async () => {
  studio = await createGovernedStudio()
  await seedIdentities(studio.database)
  const { database } = studio
  // The port is needed before the server is made: providers send browsers back to it.
  const probe = fastify()
  url = await probe.listen({ host: '127.0.0.1', port: 0 })
  await probe.close()
  identityProvider = await startIdentityProvider({
    redirectUri: `${url}/auth/callback/corp`,
    afterSignOut: `${url}/`,
  })
  identityProvider.accounts.set('ann', { name: 'Ann', groups: ['devs'] })
  folder = await mkdtemp(join(tmpdir(), 'atelier-sign-in-'))
  const file = join(folder, 'providers.yaml')
  const { issuer, clientId } = identityProvider
  await writeFile(
    file,
    `providers: { corp: { name: 'Corp <b>', issuer: '${issuer}', clientId: ${clientId}, clientSecret: S, tenant: default, groups: { devs: { roles: [engineer] } } } }`,
  )
  const address = { url }
  const authenticator = createAuthenticator({ database, address, logger: silentLogger })
  app = fastify()
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof AtelierError) return reply.code(422).send(error.toJSON())
    throw error
  })
  addSignInRoutes(app, {
    address,
    authenticator,
    signIn: createSignIn({
      database,
      address,
      audit: studio.governance.audit,
      providers: await readProviders(file, () => identityProvider.clientSecret),
    }),
    credentials: createCredentials(studio.governance.administration),
    deviceLogins: createDeviceLogins(database),
    stepKeys: createStepKeys({ database, longestLifetimeMs: longestStepLifetimeMs }),
  })
  app.get('/', async (request, reply) => {
    const caller = await authenticator.authenticate(request.headers)
    return reply.send(caller?.principal.id ?? 'nobody')
  })
  await app.listen({ host: '127.0.0.1', port: Number(new URL(url).port) })
})
afterAll(async () => {
  await app.close()
  await identityProvider.close()
  await studio[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const link = async (): Promise<string> => {
  const code = await studio.database.transaction({ kind: 'tenant', tenantId, principalId: owner }, (tx) =>
    createSignInLink(tx, tenantId, owner),
  )
  return `${url}/auth/first/${code}`
}
const post = (path: string, headers: Record<string, string>, body = '') =>
  fetch(`${url}${path}`, { method: 'POST', headers, body, redirect: 'manual' })

async function signedIn(): Promise<PlainBrowser> {
  const browser = createPlainBrowser()
  expect((await browser.get(await link())).text).toBe(owner)
  return browser
}

describe('the link for the owner', () => {
  it('signs in with one click, once, and not when it is only looked at', async () => {
    const address = await link()
    expect((await fetch(address, { method: 'HEAD', redirect: 'manual' })).status).toBe(404)
    expect((await fetch(address, { headers: { 'sec-purpose': 'prefetch;prerender' } })).status).toBe(204)
    const browser = createPlainBrowser()
    expect(await browser.get(address)).toMatchObject({ status: 200, url: `${url}/`, text: owner })
    const again = await createPlainBrowser().get(address)
    expect(JSON.parse(again.text)).toMatchObject({ code: 'ATL_SIGNIN_LINK_INVALID' })
  })
})

describe('an identity provider', () => {
  it('is offered, signs in, and signs out', async () => {
    const offered = (await (await fetch(`${url}/auth/providers`)).json()) as unknown
    expect(offered).toEqual({ providers: [{ id: 'corp', name: 'Corp <b>' }] })
    const browser = createPlainBrowser()
    const page = await browser.get(`${url}/auth/login/corp?return=/`)
    const back = await browser.post(page.url, { prompt: 'login', login: 'ann', password: 'x' })
    expect(back).toMatchObject({ url: `${url}/`, text: 'person:ann' })
    const headers = { cookie: browser.cookiesFor(url), origin: url }
    const { location } = (await (await post('/auth/logout', headers)).json()) as { location: string }
    expect(location).toContain(identityProvider.issuer)
    expect((await browser.get(`${url}/`)).text).toBe('nobody')
  })
})

describe('another site', () => {
  it('cannot act in somebody’s session', async () => {
    const browser = await signedIn()
    const cookie = browser.cookiesFor(url)
    for (const headers of [
      { cookie, origin: 'https://evil.test' },
      { cookie, origin: 'null' },
      { cookie, 'sec-fetch-site': 'cross-site' },
      { cookie, 'sec-fetch-site': 'same-site' },
      { cookie },
    ])
      for (const path of ['/auth/logout', '/auth/device']) {
        const answer = await post(path, headers)
        expect(await answer.json()).toMatchObject({ code: 'ATL_SIGNIN_CROSS_SITE' })
      }
    expect((await browser.get(`${url}/`)).text).toBe(owner)
  })
})

describe('a sign-in on another device', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const start = async () =>
    (await (
      await post('/auth/device/code', { 'content-type': 'application/json' }, '{"device":"<script>laptop"}')
    ).json()) as Record<string, string>
  const poll = async (code: string) => {
    const answer = await post('/auth/device/token', form, `device_code=${code}`)
    const body = (await answer.json()) as { error?: string; access_token?: string }
    return { status: answer.status, ...body }
  }
  const rest = () =>
    studio.database.transaction({ kind: 'system' }, (tx) =>
      tx.updateTable('device_logins').set({ polled_at: null }).execute(),
    )

  it('is approved by a person in a browser, and ends in a token that is theirs', async () => {
    const started = await start()
    expect(started['verification_uri']).toBe(`${url}/auth/device`)
    expect(await poll(started['device_code']!)).toMatchObject({ status: 400, error: 'authorization_pending' })
    expect(await poll(started['device_code']!)).toMatchObject({ error: 'slow_down' })
    const stranger = await createPlainBrowser().get(started['verification_uri_complete']!)
    expect(stranger.text).toContain('Sign in here first')
    expect(stranger.text).toContain('Corp &#60;b&#62;')
    const browser = await signedIn()
    const asked = await browser.get(started['verification_uri_complete']!)
    expect(asked.text).toContain('&#60;script&#62;laptop')
    expect(asked.text).not.toContain('<script')
    const headers = { ...form, cookie: browser.cookiesFor(url), origin: url }
    const decided = await post('/auth/device', headers, `user_code=${started['user_code']!}&verdict=approved`)
    expect(decided.headers.get('content-security-policy')).toContain(`default-src 'none'`)
    expect(await decided.text()).toContain('is signed in')
    await rest()
    const token = await poll(started['device_code']!)
    expect(token).toMatchObject({ status: 200, token_type: 'Bearer', principal: owner })
    const answer = await fetch(`${url}/`, { headers: { authorization: `Bearer ${token.access_token!}` } })
    expect(await answer.text()).toBe(owner)
    expect(await poll(started['device_code']!)).toMatchObject({ error: 'expired_token' })
    // A token approves no further device: that takes the person.
    const byToken = await post(
      '/auth/device',
      { ...form, authorization: `Bearer ${token.access_token!}` },
      'user_code=BBBB-BBBB&verdict=approved',
    )
    expect(await byToken.json()).toMatchObject({ code: 'ATL_SIGNIN_INTERACTIVE_ONLY' })
    // Given back, it is worth nothing.
    const authorization = `Bearer ${token.access_token!}`
    expect((await post('/auth/revoke', { authorization })).status).toBe(200)
    const after = await fetch(`${url}/`, { headers: { authorization } })
    expect(await after.json()).toMatchObject({ code: 'ATL_TOKEN_REVOKED' })
  })

  it('is refused, unknown and malformed in the words of the standard', async () => {
    const started = await start()
    const browser = await signedIn()
    const headers = { ...form, cookie: browser.cookiesFor(url), origin: url }
    await post('/auth/device', headers, `user_code=${started['user_code']!}&verdict=denied`)
    expect(await poll(started['device_code']!)).toMatchObject({ error: 'access_denied' })
    expect(await poll('guessed')).toMatchObject({ error: 'expired_token' })
    expect(await (await post('/auth/device/token', form, '')).json()).toEqual({ error: 'invalid_request' })
    expect(await (await post('/auth/device', headers, 'user_code=BBBB-BBBB')).text()).toContain(
      'There is no such code',
    )
    expect((await post('/auth/device', headers, `user_code=${'x'.repeat(5000)}`)).status).toBe(413)
  })
})

describe('the published keys', () => {
  it('verify a credential of a step anywhere', async () => {
    const keys = createStepKeys({ database: studio.database, longestLifetimeMs: longestStepLifetimeMs })
    const clock = movableClock()
    const grant = {
      tenantId,
      runId: 'run' as Parameters<typeof studio.request>[0],
      stepId: 'develop',
      attempt: 1,
      principalId: owner,
      onBehalfOf: undefined,
      tools: [],
    }
    const credential = await issueStepCredential(
      { keys, issuer: url, clock },
      { ...grant, audience: 'registry', lifetimeMs: 60_000 },
    )
    const published = (await (await fetch(`${url}/auth/jwks.json`)).json()) as { keys: [] }
    const expected = { issuer: url, audience: 'registry', clock, keys: published.keys }
    expect(await verifyStepCredential(credential, expected)).toEqual(grant)
  })
})
