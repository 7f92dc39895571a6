import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../testing/index.ts'
import type { TestDatabase } from '../testing/index.ts'
import { connect, migrate, storeMigrations } from './index.ts'
import type { Migration } from './index.ts'

const table = (name: string, statement: string): Migration => ({
  name,
  up: async (db) => {
    await sql.raw(statement).execute(db)
  },
})

describe('migrations', () => {
  let fixture: TestDatabase
  beforeAll(async () => {
    fixture = await createTestDatabase()
  })
  afterAll(() => fixture.close())

  it('are applied once, also when asked for again', async () => {
    expect(await migrate(fixture.database, storeMigrations)).toEqual([])
  })

  it('of several processes that start together are applied by one of them', async () => {
    const extended = [...storeMigrations, table('0900-test-once', 'create table once (n int)')]
    const others = await Promise.all([1, 2, 3].map(() => connect(fixture.target)))
    const applied = await Promise.all(others.map((database) => migrate(database, extended)))
    await Promise.all(others.map((database) => database.close()))
    expect(applied.flat()).toEqual(['0900-test-once'])
  })

  it('may have a lower number than one applied before', async () => {
    const extended = [
      ...storeMigrations,
      table('0900-test-once', 'never run again'),
      table('0250-test-late', 'create table late (n int)'),
    ]
    expect(await migrate(fixture.database, extended)).toEqual(['0250-test-late'])
  })

  it('that fail leave nothing half done and say which statement it was', async () => {
    const failing = [
      ...storeMigrations,
      table('0250-test-late', ''),
      table('0900-test-once', ''),
      table('0901-test-good', 'create table good (n int)'),
      table('0902-test-bad', 'create table bad (n nonsense)'),
    ]
    await expect(migrate(fixture.database, failing)).rejects.toMatchObject({
      code: 'ATL_STORE_MIGRATION_FAILED',
      message: expect.stringMatching(/0902-test-bad.*nonsense/) as unknown,
    })
    const { rows } = await fixture.database.owner.pool.query("select to_regclass('good') as good")
    expect(rows).toEqual([{ good: null }])
  })

  it('of a newer version are recognised', async () => {
    await expect(migrate(fixture.database, storeMigrations)).rejects.toMatchObject({
      code: 'ATL_STORE_SCHEMA_NEWER',
      details: { unknown: ['0250-test-late', '0900-test-once'] },
    })
  })

  it('leave no table of a tenant without row-level security', async () => {
    const { rows } = await fixture.database.owner.pool.query(
      `select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace
        where nspname = 'public' and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)
          and exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'tenant_id')`,
    )
    expect(rows).toEqual([])
  })
})
