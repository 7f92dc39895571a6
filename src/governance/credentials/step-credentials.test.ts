import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrincipalId, RunId, TenantId } from '../../kernel/index.ts'
import { createTestDatabase, movableClock } from '../../testing/index.ts'
import type { TestDatabase } from '../../testing/index.ts'
import { identityMigrations } from '../identity/index.ts'
import {
  createStepKeys,
  credentialMigrations,
  issueStepCredential,
  longestStepLifetimeMs,
  verifyStepCredential,
} from './index.ts'
import type { StepCredentialRequest, StepKeys } from './index.ts'

const issuer = 'https://studio.test'
const clock = movableClock()
const grant = {
  tenantId: 'acme' as TenantId,
  runId: 'run_1' as RunId,
  stepId: 'develop',
  attempt: 2,
  principalId: 'agent:developer' as PrincipalId,
  onBehalfOf: 'person:ann' as PrincipalId,
  tools: ['code.search'],
}
let test: TestDatabase
let keys: StepKeys
let monotonic = 0

beforeAll(async () => {
  test = await createTestDatabase({ migrations: [...identityMigrations, ...credentialMigrations] })
  keys = createStepKeys({
    database: test.database,
    longestLifetimeMs: longestStepLifetimeMs,
    monotonicNow: () => monotonic,
  })
})
afterAll(() => test.close())

const issue = (request: Partial<StepCredentialRequest> = {}) =>
  issueStepCredential(
    { keys, issuer, clock },
    { ...grant, audience: 'registry', lifetimeMs: 300_000, ...request },
  )
const verify = async (credential: string, expected: { issuer?: string; audience?: string } = {}) =>
  verifyStepCredential(credential, {
    issuer,
    audience: 'registry',
    clock,
    ...expected,
    keys: (await keys.published()).keys,
  })
const refused = expect.objectContaining({ code: 'ATL_STEPTOKEN_INVALID' }) as unknown

describe('the credential of a step', () => {
  it('says which step it is for, to whoever has the published keys', async () => {
    expect(await verify(await issue())).toEqual(grant)
    const { keys: published } = await keys.published()
    expect(published[0]).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' })
    expect(JSON.stringify(published)).not.toContain('"d"')
  })

  it('is worth nothing to another service or from another studio', async () => {
    await expect(verify(await issue(), { audience: 'other' })).rejects.toEqual(refused)
    await expect(verify(await issue(), { issuer: 'https://else.test' })).rejects.toEqual(refused)
  })

  it('ends within minutes, with five seconds for clocks that differ', async () => {
    const credential = await issue({ lifetimeMs: 60_000 })
    clock.advance(63_000)
    await verify(credential)
    clock.advance(3_000)
    await expect(verify(credential)).rejects.toEqual(refused)
    // Made by a machine whose clock is ahead.
    const early = await issue()
    clock.advance(-4_000)
    await verify(early)
    clock.advance(-60_000)
    await expect(verify(early)).rejects.toEqual(refused)
    for (const lifetimeMs of [0, 999, longestStepLifetimeMs + 1, Number.NaN])
      await expect(issue({ lifetimeMs })).rejects.toMatchObject({ code: 'ATL_STEPTOKEN_LIFETIME_INVALID' })
  })

  it('cannot be forged', async () => {
    const genuine = await issue()
    const [header = '', payload = '', signature = ''] = genuine.split('.')
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    const wider = Buffer.from(JSON.stringify({ ...claims, tenant: 'other' })).toString('base64url')
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
    const signedBy = (alg: string, key: Parameters<SignJWT['sign']>[0], typ = 'atelier-step+jwt') =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, typ }).sign(key)
    const publicKey = (await keys.published()).keys[0]?.x ?? ''
    const forgeries = [
      `${header}.${wider}.${signature}`,
      `${header}.${payload}.`,
      new UnsecuredJWT(claims).encode(),
      await signedBy('EdDSA', privateKey),
      // The public key as the secret of a symmetric signature.
      await signedBy('HS256', Buffer.from(publicKey, 'base64url')),
      await signedBy('EdDSA', (await keys.current()).privateKey, 'JWT'),
      '',
      'a.b.c',
      'x'.repeat(100_000),
    ]
    for (const forgery of forgeries) await expect(verify(forgery)).rejects.toEqual(refused)
  })

  it('is signed by a new key every day; what the one before signed still holds', async () => {
    const before = await issue()
    const first = await keys.current()
    // Published before it signs: whoever keeps the keys for some minutes has it by then.
    monotonic += 24 * 3600 * 1000 - 60_000
    expect((await keys.current()).id).toBe(first.id)
    await expect.poll(async () => (await keys.published()).keys.length).toBe(2)
    const upcoming = (await keys.published()).keys.map(({ kid }) => kid).find((kid) => kid !== first.id)
    monotonic += 60_000
    const [a, b] = await Promise.all([keys.current(), keys.current()])
    expect(a.id).toBe(upcoming)
    expect(b.id).toBe(a.id)
    expect(await verify(before)).toEqual(grant)
    expect(await verify(await issue())).toEqual(grant)
    // A process that starts has a key of its own, which the others publish as well.
    const elsewhere = createStepKeys({ database: test.database, longestLifetimeMs: longestStepLifetimeMs })
    const theirs = await issueStepCredential(
      { keys: elsewhere, issuer, clock },
      { ...grant, audience: 'registry', lifetimeMs: 60_000 },
    )
    expect(await verify(theirs)).toEqual(grant)
  })
})
