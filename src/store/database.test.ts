import { sql } from 'kysely'
import { Client, Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../kernel/index.ts'
import type { PrincipalId, TenantId } from '../kernel/index.ts'
import { createTestDatabase } from '../testing/index.ts'
import type { TenantScope, TestDatabase } from '../testing/index.ts'
import { translateFailure } from './failures.ts'
import { connect, getBlob, putBlob } from './index.ts'

let fixture: TestDatabase
let ours: TenantScope
let theirs: TenantScope

beforeAll(async () => {
  fixture = await createTestDatabase()
  ours = await fixture.createTenant('Ours')
  theirs = await fixture.createTenant('Theirs')
  for (const scope of [ours, theirs])
    await fixture.database.transaction(scope, (tx) => putBlob(tx, scope.tenantId, `of ${scope.tenantId}`))
})
afterAll(() => fixture.close())

describe('a transaction', () => {
  it('commits what the work did and returns its result', async () => {
    const digest = await fixture.database.transaction(ours, (tx) => putBlob(tx, ours.tenantId, 'kept'))
    const blob = await fixture.database.transaction(ours, (tx) => getBlob(tx, ours.tenantId, digest))
    expect(Buffer.from(blob!.content).toString()).toBe('kept')
  })

  it('rolls back when the work throws, and passes the error through', async () => {
    const failure = new Error('the work failed')
    const work = fixture.database.transaction(ours, async (tx) => {
      await putBlob(tx, ours.tenantId, 'dropped')
      throw failure
    })
    await expect(work).rejects.toBe(failure)
    const blob = await fixture.database.transaction(ours, (tx) =>
      getBlob(tx, ours.tenantId, digestOf('dropped')),
    )
    expect(blob).toBeUndefined()
  })

  it('does not pretend to have committed after a statement failed', async () => {
    const work = fixture.database.transaction(ours, async (tx) => {
      await sql`select 1 / 0`.execute(tx).catch(() => undefined)
    })
    await expect(work).rejects.toThrow(/rolled back/)
  })

  it('gives libraries the connection it runs on', async () => {
    const same = await fixture.database.transaction(ours, async (tx, client) => {
      const pid = sql<{ pid: number }>`select pg_backend_pid() as pid`
      const below = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
      return (await pid.execute(tx)).rows[0]!.pid === below.rows[0]!.pid
    })
    expect(same).toBe(true)
  })

  it('reads 64-bit integers as numbers and refuses to round them', async () => {
    const read = (text: string) =>
      fixture.database.transaction(ours, async (tx) => {
        const { rows } = await sql<{ n: number }>`select ${text}::bigint as n`.execute(tx)
        return rows[0]!.n
      })
    expect(await read('9007199254740991')).toBe(9007199254740991)
    await expect(read('9007199254740993')).rejects.toThrow(RangeError)
  })

  it('reports a conflict as one that can be tried again', async () => {
    const increment = (tx: Parameters<Parameters<typeof fixture.database.transaction>[1]>[0]) =>
      sql`update principals set name = name || '+'`.execute(tx)
    const attempts = Array.from({ length: 4 }, () =>
      fixture.database.transaction(
        ours,
        async (tx) => {
          await tx.selectFrom('principals').selectAll().execute()
          await new Promise((resolve) => setTimeout(resolve, 50))
          await increment(tx)
        },
        { isolation: 'serializable' },
      ),
    )
    const failures = (await Promise.allSettled(attempts)).filter((result) => result.status === 'rejected')
    expect(failures.length).toBeGreaterThan(0)
    for (const failure of failures)
      expect(failure.reason).toMatchObject({ code: 'ATL_STORE_CONFLICT', retryable: true })
  })
})

const asUser = (user: string): string => {
  const url = new URL(fixture.target.owner)
  url.username = 'atelier_admin'
  url.searchParams.set('options', `-c session_authorization=${user}`)
  return url.href
}

/** Each connects differently: as the embedded default does, and as one DATABASE_URL of a superuser or of less. */
const targets = {
  'roles that log in': () => fixture.target,
  'a superuser who steps down': () => ({ owner: asUser('atelier_admin') }),
  'a creator of roles who steps down': async () => {
    const admin = new Client({ connectionString: asUser('atelier_admin'), ssl: false })
    await admin.connect()
    await admin.query(
      'create role test_creator createrole; grant atelier_app, atelier_system to test_creator with admin option, inherit false, set false',
    )
    await admin.end()
    return { owner: asUser('test_creator') }
  },
}

describe.each(Object.entries(targets))('isolation of tenants with %s', (_name, target) => {
  let tenant: TestDatabase['database']

  beforeAll(async () => {
    tenant = await connect(await target())
  })
  afterAll(() => tenant.close())

  const blobs = (scope: TenantScope) =>
    tenant.transaction(scope, (tx) => tx.selectFrom('blobs').select('tenant_id').distinct().execute())

  it('shows each tenant its own rows only', async () => {
    expect(await blobs(ours)).toEqual([{ tenant_id: ours.tenantId }])
    expect(await blobs(theirs)).toEqual([{ tenant_id: theirs.tenantId }])
  })

  it('shows nothing for an unknown or an empty tenant', async () => {
    for (const tenantId of ['ten_unknown', '', "' or true --"] as TenantId[])
      expect(await blobs({ kind: 'tenant', tenantId, principalId: '' as PrincipalId })).toEqual([])
  })

  it('shows nothing to scope `system` that was not granted, and refuses the rest', async () => {
    const all = await tenant.transaction({ kind: 'system' }, (tx) =>
      tx.selectFrom('tenants').select('id').execute(),
    )
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining([ours.tenantId, theirs.tenantId]))
    await expect(
      tenant.transaction({ kind: 'system' }, (tx) => tx.selectFrom('projects').selectAll().execute()),
    ).rejects.toMatchObject({ code: 'ATL_STORE_FORBIDDEN' })
  })

  it('refuses rows under the id of another tenant', async () => {
    const plant = tenant.transaction(ours, (tx) => putBlob(tx, theirs.tenantId, 'planted'))
    await expect(plant).rejects.toMatchObject({ code: 'ATL_STORE_FORBIDDEN' })
    const steal = tenant.transaction(ours, (tx) =>
      tx.updateTable('principals').set({ name: 'stolen' }).where('tenant_id', '=', theirs.tenantId).execute(),
    )
    expect((await steal)[0]!.numUpdatedRows).toBe(0n)
    const move = tenant.transaction(ours, (tx) =>
      tx.updateTable('principals').set({ tenant_id: theirs.tenantId }).execute(),
    )
    await expect(move).rejects.toMatchObject({ code: 'ATL_STORE_FORBIDDEN' })
  })

  it('refuses to change or remove what is only ever added', async () => {
    const remove = tenant.transaction(ours, (tx) => tx.deleteFrom('blobs').execute())
    await expect(remove).rejects.toMatchObject({ code: 'ATL_STORE_FORBIDDEN' })
  })

  it('leaves nothing of a scope on the connection', async () => {
    await blobs(ours)
    const left = await tenant.transaction({ kind: 'system' }, (tx) =>
      sql`select current_setting('atelier.tenant_id', true) as tenant, current_user as role`.execute(tx),
    )
    expect(left.rows[0]).toMatchObject({ role: 'atelier_system' })
    expect(['', null]).toContain((left.rows[0] as { tenant: string | null }).tenant)
  })

  it('does not let a statement turn row-level security off', async () => {
    for (const statement of [
      'alter table blobs disable row level security',
      'alter table blobs no force row level security',
      'drop policy tenant_isolation on blobs',
      'create role intruder superuser',
    ])
      await expect(
        tenant.transaction(ours, (tx) => sql.raw(statement).execute(tx)),
        statement,
      ).rejects.toThrow()
  })
})

describe('roles that log in', () => {
  it.each([
    'reset role',
    'set role none',
    'set role atelier_owner',
    'set role atelier_system',
    'set session authorization atelier_admin',
  ])('have no stronger role to go to: %s', async (statement) => {
    const seen = fixture.database.transaction(ours, async (tx) => {
      await sql.raw(statement).execute(tx)
      return tx.selectFrom('blobs').select('tenant_id').distinct().execute()
    })
    await expect(seen.catch((error: unknown) => (error as { code: string }).code)).resolves.toSatisfy(
      (result) => result === 'ATL_STORE_FORBIDDEN' || (result as unknown[]).length === 1,
    )
  })

  it('bind the owner of the tables by row-level security too', async () => {
    const { rows } = await fixture.database.owner.pool.query('select * from blobs')
    expect(rows).toEqual([])
  })

  it('are not seen by the application as other tenants’ settings', async () => {
    const client = new Client({ connectionString: fixture.target.application!, ssl: false })
    await client.connect()
    const { rows } = await client.query('select * from blobs')
    expect(rows).toEqual([])
    await client.end()
  })
})

describe('connecting', () => {
  const refused = async (owner: string): Promise<string> =>
    connect({ owner }, { patienceMs: 0 }).then(
      () => 'connected',
      (error: unknown) => (error as { code: string }).code,
    )

  it.each([
    ['not an address', 'ATL_STORE_URL_INVALID'],
    ['mysql://localhost/atelier', 'ATL_STORE_URL_INVALID'],
    ['postgresql://somebody@127.0.0.1:1/atelier', 'ATL_STORE_UNAVAILABLE'],
    ['postgresql://somebody@localhost/atelier?host=/nowhere', 'ATL_STORE_UNAVAILABLE'],
  ])('to %s ends in %s', async (url, code) => {
    expect(await refused(url)).toBe(code)
  })

  it('tells who has waited too long for a connection that others use from who finds no server', async () => {
    const pool = new Pool({ connectionString: fixture.target.owner, max: 1, connectionTimeoutMillis: 50 })
    const client = await pool.connect()
    const failure = await pool.connect().catch(translateFailure)
    client.release()
    await pool.end()
    expect(failure).toMatchObject({ code: 'ATL_STORE_BUSY', retryable: true })
  })

  it('names a missing database and a refused user', async () => {
    expect(await refused(fixture.target.owner.replace(/test_[0-9a-z]+/, 'missing'))).toBe(
      'ATL_STORE_DATABASE_MISSING',
    )
    expect(await refused(fixture.target.owner.replace('atelier_owner', 'stranger'))).toBe(
      'ATL_STORE_AUTHENTICATION_FAILED',
    )
  })

  it('tells an administrator what to run when the user may not create the roles', async () => {
    const failure = await connect({ owner: fixture.target.application! }).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'ATL_STORE_ROLES_MISSING',
      details: { statements: expect.arrayContaining([expect.stringContaining('atelier_system')]) as unknown },
    })
  })

  it('refuses an application role that row-level security does not bind', async () => {
    await expect(connect({ ...fixture.target, application: asUser('atelier_admin') })).rejects.toMatchObject({
      code: 'ATL_STORE_ROLE_UNSAFE',
    })
  })
})
