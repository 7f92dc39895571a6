import { Writable } from 'node:stream'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PrincipalId, ProjectId, RunId } from '../../kernel/index.ts'
import { createId } from '../../kernel/index.ts'
import { createTestDatabase } from '../../testing/index.ts'
import type { TenantScope, TestDatabase } from '../../testing/index.ts'
import { redactText } from '../door/index.ts'
import {
  createTaskKeyAuthenticator,
  identityMigrations,
  issueTaskKey,
  openMandate,
  registerPrincipal,
  revokeTaskKeys,
  setMandateState,
} from './index.ts'
import type { IssuedTaskKey, TaskKeyAuthenticator, TaskKeyRequest } from './index.ts'
import { hasSecretForm } from './secret-form.ts'

let test: TestDatabase
let scope: TenantScope
let runId: RunId
let now = 0
let keys: TaskKeyAuthenticator

const agent = 'agent:developer' as PrincipalId

beforeAll(async () => {
  test = await createTestDatabase({ migrations: identityMigrations })
  scope = await test.createTenant()
})
afterAll(() => test.close())

beforeEach(async () => {
  keys = createTaskKeyAuthenticator({ database: test.database, monotonicNow: () => now })
  runId = await openRun(scope)
})

async function openRun(tenant: TenantScope): Promise<RunId> {
  const id = createId('run') as RunId
  await test.database.transaction(tenant, async (tx) => {
    await registerPrincipal(tx, tenant.tenantId, { id: agent, kind: 'agent', name: 'Developer', roles: [] })
    await openMandate(tx, {
      tenantId: tenant.tenantId,
      runId: id,
      projectId: 'project' as ProjectId,
      requester: tenant.principalId,
      repository: undefined,
    })
  })
  return id
}

const issue = (request: Partial<TaskKeyRequest> = {}, tenant = scope): Promise<IssuedTaskKey> =>
  test.database.transaction(tenant, (tx) =>
    issueTaskKey(tx, {
      tenantId: tenant.tenantId,
      runId,
      stepId: 'develop',
      attempt: 2,
      principal: {
        kind: 'agent',
        id: agent,
        tenantId: tenant.tenantId,
        roles: ['owner'],
        onBehalfOf: tenant.principalId,
      },
      models: ['small', 'large'],
      limits: { concurrent: 3 },
      lifetimeMs: 60_000,
      ...request,
    }),
  )

const revoke = (selection: Parameters<typeof revokeTaskKeys>[2], tenant = scope): Promise<number> =>
  test.database.transaction(tenant, (tx) => revokeTaskKeys(tx, tenant.tenantId, selection))

/** Moves the expiry of a key, as time would. */
const age = (id: string, ms: number): Promise<unknown> =>
  test.database.transaction(scope, (tx) =>
    tx
      .updateTable('task_keys')
      .set({ expires_at: sql<Date>`expires_at - ${ms} * interval '1 millisecond'` })
      .where('id', '=', id)
      .execute(),
  )

describe('a task key', () => {
  it('stands for one attempt at one step, without roles', async () => {
    const { id, key, expiresAt } = await issue()
    expect(key).toMatch(/^atl_sk_[A-Za-z0-9_-]{43}[0-9a-f]{8}$/)
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 30_000)
    expect(await keys.authenticate(key)).toEqual({
      keyId: id,
      tenantId: scope.tenantId,
      projectId: 'project',
      runId,
      stepId: 'develop',
      attempt: 2,
      principal: {
        kind: 'agent',
        id: agent,
        tenantId: scope.tenantId,
        roles: [],
        onBehalfOf: scope.principalId,
      },
      models: ['small', 'large'],
      limits: { concurrent: 3 },
      places: {},
    })
  })

  it('is not stored', async () => {
    const { key } = await issue()
    const rows = await test.database.transaction(scope, (tx) =>
      tx.selectFrom('task_keys').selectAll().execute(),
    )
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(key.slice(7, 50))
  })

  it('is refused where it is missing, changed, guessed or of another form, all alike', async () => {
    const { key } = await issue()
    await expect(keys.authenticate(undefined)).rejects.toMatchObject({ code: 'ATL_KEY_MISSING' })
    await expect(keys.authenticate('')).rejects.toMatchObject({ code: 'ATL_KEY_MISSING' })
    const { key: guessed } = await issue()
    const changed = key.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    for (const wrong of [
      changed,
      key.slice(0, -1),
      `${key} `,
      'atl_sk_',
      'sk-ant-1',
      '\0',
      'x'.repeat(100_000),
    ])
      await expect(keys.authenticate(wrong)).rejects.toMatchObject({
        code: 'ATL_KEY_UNKNOWN',
        message: 'There is no such key',
        details: {},
      })
    // The right form, and not in the database.
    await test.database.transaction(scope, (tx) =>
      tx.deleteFrom('task_keys').where('tenant_id', '=', scope.tenantId).execute(),
    )
    expect(hasSecretForm('sk', guessed)).toBe(true)
    await expect(keys.authenticate(guessed)).rejects.toMatchObject({
      code: 'ATL_KEY_UNKNOWN',
      message: 'There is no such key',
      details: {},
    })
  })

  it('ends by the clock of the database, with two seconds for clocks that are behind', async () => {
    const { id, key } = await issue({ lifetimeMs: 60_000 })
    await age(id, 61_000)
    expect((await keys.authenticate(key)).keyId).toBe(id)
    await age(id, 5000)
    now += 1_100
    await expect(keys.authenticate(key)).rejects.toMatchObject({ code: 'ATL_KEY_EXPIRED' })
  })

  it('has a bounded lifetime', async () => {
    for (const lifetimeMs of [0, -1, Number.NaN, 999, 8 * 24 * 3600 * 1000, Infinity])
      await expect(issue({ lifetimeMs })).rejects.toMatchObject({ code: 'ATL_KEY_LIFETIME_INVALID' })
  })

  it('is believed for seconds without asking again, and not for longer', async () => {
    const { id, key } = await issue()
    await keys.authenticate(key)
    expect(await revoke({ keyId: id })).toBe(1)
    expect((await keys.authenticate(key)).keyId).toBe(id)
    now += 3000
    await expect(keys.authenticate(key)).rejects.toMatchObject({ code: 'ATL_KEY_REVOKED' })
  })

  it('is refused at once where it was revoked', async () => {
    const [one, other] = [await issue(), await issue({ stepId: 'review' })]
    await Promise.all([keys.authenticate(one.key), keys.authenticate(other.key)])
    expect(await revoke({ runId, stepId: 'develop' })).toBe(1)
    keys.forget()
    await expect(keys.authenticate(one.key)).rejects.toMatchObject({ code: 'ATL_KEY_REVOKED' })
    expect((await keys.authenticate(other.key)).stepId).toBe('review')
    expect(await revoke({ runId })).toBe(1)
    expect(await revoke({ runId })).toBe(0)
  })

  it('ends with its run, and none is made for a run that has ended', async () => {
    const { key } = await issue()
    await test.database.transaction(scope, (tx) => setMandateState(tx, scope.tenantId, runId, 'closed'))
    await expect(keys.authenticate(key)).rejects.toMatchObject({
      code: 'ATL_KEY_REVOKED',
      message: 'The key has been revoked: its run has ended',
    })
    await expect(issue()).rejects.toMatchObject({ code: 'ATL_MANDATE_CLOSED' })
    await expect(issue({ runId: 'run_unknown' as RunId })).rejects.toMatchObject({
      code: 'ATL_MANDATE_MISSING',
    })
  })

  it('cannot be seen, revoked or made by another tenant', async () => {
    const { id, key } = await issue()
    const stranger = await test.createTenant('Stranger')
    await openRun(stranger)
    expect(await revoke({ keyId: id }, stranger)).toBe(0)
    const seen = await test.database.transaction(stranger, (tx) =>
      tx.selectFrom('task_keys').selectAll().execute(),
    )
    expect(seen).toEqual([])
    await expect(
      test.database.transaction(stranger, (tx) => revokeTaskKeys(tx, scope.tenantId, { keyId: id })),
    ).resolves.toBe(0)
    await expect(issue({ tenantId: scope.tenantId }, stranger)).rejects.toThrow()
    expect((await keys.authenticate(key)).tenantId).toBe(scope.tenantId)
  })

  it('is looked up once for many who come at the same time', async () => {
    const { key } = await issue()
    let transactions = 0
    const counting = createTaskKeyAuthenticator({
      database: {
        ...test.database,
        transaction: (...args) => {
          transactions += 1
          return test.database.transaction(...args)
        },
      },
    })
    await Promise.all(Array.from({ length: 50 }, () => counting.authenticate(key)))
    await counting.authenticate(key)
    expect(transactions).toBe(2)
  })

  it('does not get into logs, whatever writes them', async () => {
    const { key } = await issue()
    let written = ''
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString()
        done()
      },
    })
    const logger = pino({}, sink)
    logger.info(redactText(`asked http://x/?key=${key} with Bearer ${key}`))
    expect(written).toContain('[redacted:')
    expect(written).not.toContain(key.slice(0, 20))
    const failure = await keys.authenticate(`${key}x`).catch((error: unknown) => JSON.stringify(error))
    expect(failure).not.toContain(key.slice(7, 20))
  })
})
