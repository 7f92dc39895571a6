import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '../../contracts/index.ts'
import { operations } from '../../contracts/api/index.ts'
import { createAuthenticator, issueApiToken, openSession } from '../../governance/credentials/index.ts'
import { silentLogger, type PrincipalId } from '../../kernel/index.ts'
import { createScratchStudio, type ScratchStudio, type ScratchTenant } from '../scratch-studio.ts'
import { type ApiServer, createHandlers, startApiServer } from './index.ts'

let studio: ScratchStudio
let tenant: ScratchTenant
/** A server that authenticates as every process of a studio does. What is changed is changed behind its back. */
let server: ApiServer
let policies = 'as shipped'
const rightsMs = 50

beforeAll(async () => {
  studio = await createScratchStudio()
  tenant = await studio.createTenant()
  await tenant.createProject('shop')
  await tenant.createProject('bank')
  const { database } = studio.governed
  server = await startApiServer({
    operations,
    handlers: createHandlers(studio.services),
    authenticator: createAuthenticator({
      database,
      address: { url: 'http://studio.test' },
      logger: silentLogger,
    }),
    policiesOf: () => policies,
    database,
    logger: silentLogger,
    version: '0.0.0',
    listen: { host: '127.0.0.1', port: 0 },
    checkReady: () => Promise.resolve(),
    limits: { rightsMs },
  })
}, 120_000)
afterAll(async () => {
  await server.close({ graceMs: 0 })
  await studio[Symbol.asyncDispose]()
})

/** What another process writes into the database. */
async function change(text: string, of = tenant): Promise<void> {
  const scope = { kind: 'tenant', tenantId: of.id, principalId: 'person:owner' as PrincipalId } as const
  await studio.governed.database.transaction(scope, (tx) => sql.raw(text).execute(tx))
}

async function tokenOf(name: string, of = tenant): Promise<Record<string, string>> {
  const principalId = `person:${name}` as PrincipalId
  const request = { tenantId: of.id, principalId, name, scopes: ['read'], createdBy: principalId }
  const { token } = await studio.governed.database.transaction(
    { kind: 'tenant', tenantId: of.id, principalId },
    (tx) => issueApiToken(tx, { ...request, lifetimeMs: 3_600_000 }),
  )
  return { authorization: `Bearer ${token}` }
}

async function sessionOf(name: string): Promise<Record<string, string>> {
  const principalId = `person:${name}` as PrincipalId
  const { secret } = await studio.governed.database.transaction(
    { kind: 'tenant', tenantId: tenant.id, principalId },
    (tx) => openSession(tx, { tenantId: tenant.id, principalId, method: 'link', device: 'Browser' }),
  )
  return { cookie: `atelier=${secret}` }
}

/** A stream of everything that happens, and when it was over. */
async function watch(headers: Record<string, string>) {
  const response = await fetch(`${server.url}/api/v1/events`, { headers })
  expect(response.status).toBe(200)
  const stream = { text: '', isOver: false }
  void (async () => {
    for await (const chunk of response.body ?? []) stream.text += Buffer.from(chunk).toString()
  })()
    .catch(() => undefined)
    .finally(() => (stream.isOver = true))
  return stream
}

const person = (name: string) => `principal_id = 'person:${name}'`
const given = (name: string, project: string, role: Role) =>
  `insert into project_roles (tenant_id, principal_id, project_id, role, source)
   select tenant_id, 'person:${name}', '${project}', '${role}', 'given' from principals where id = 'person:${name}'`

describe('an open stream', () => {
  it.each([
    [
      'its token is revoked',
      'shop-viewer',
      tokenOf,
      (p: string) => `update api_tokens set revoked_at = now() where ${p}`,
      401,
    ],
    [
      'its token expires',
      'shop-engineer',
      tokenOf,
      (p: string) => `update api_tokens set expires_at = now() where ${p}`,
      401,
    ],
    [
      'its session is ended',
      'bank-viewer',
      sessionOf,
      (p: string) => `update sessions set revoked_at = now() where ${p}`,
      401,
    ],
    [
      'its session was not used for long',
      'bank-engineer',
      sessionOf,
      (p: string) => `update sessions set last_used_at = now() - interval '13 hours' where ${p}`,
      401,
    ],
    [
      'its person is disabled',
      'shop-operator',
      tokenOf,
      () => `update principals set disabled = true where id = 'person:shop-operator'`,
      401,
    ],
    [
      'its person loses the role',
      'shop-approver',
      tokenOf,
      (p: string) => `delete from project_roles where ${p}`,
      403,
    ],
    [
      'its person gets another role',
      'shop-security',
      sessionOf,
      () => given('shop-security', 'prj_bank', 'viewer'),
      200,
    ],
  ])('ends when %s', async (_what, name, credentialOf, changing, status) => {
    const credential = await credentialOf(name)
    const stream = await watch(credential)
    // Others go on, and it does until something changes.
    const other = await watch(await tokenOf('owner'))
    await new Promise((resolve) => setTimeout(resolve, 3 * rightsMs))
    expect(stream.isOver).toBe(false)
    await change(changing(person(name)))
    await expect.poll(() => stream.isOver, { timeout: 10_000 }).toBe(true)
    // Broken off and not ended: a client comes back, and is told what holds now.
    expect(stream.text).not.toContain('event:')
    expect(other.isOver).toBe(false)
    const again = await fetch(`${server.url}/api/v1/events`, {
      headers: credential,
      signal: AbortSignal.timeout(10_000),
    })
    expect(again.status).toBe(status)
    await again.body?.cancel()
  })

  it('ends when its tenant is suspended, or other policies are in force', async () => {
    const other = await studio.createTenant()
    const stream = await watch(await tokenOf('viewer', other))
    const own = await watch(await tokenOf('viewer'))
    await studio.governed.database.transaction({ kind: 'system' }, (tx) =>
      tx.updateTable('tenants').set({ state: 'suspended' }).where('id', '=', other.id).execute(),
    )
    await expect.poll(() => stream.isOver, { timeout: 10_000 }).toBe(true)
    expect(own.isOver).toBe(false)
    policies = 'stricter'
    await expect.poll(() => own.isOver, { timeout: 10_000 }).toBe(true)
  })

  it('of somebody with roles in every project tells nothing of one that is made later', async () => {
    const small = await studio.createTenant()
    const only = await small.createProject('only')
    await change(`delete from projects where id = 'default'`, small)
    const stream = await watch(await tokenOf('only-viewer', small))
    const later = await small.waitingRun(await small.createProject('later'))
    const own = await small.waitingRun(only)
    await expect.poll(() => stream.text, { timeout: 30_000 }).toContain(own.runId)
    expect(stream.text).not.toContain(later.runId)
    expect(stream.isOver).toBe(false)
  })
})
