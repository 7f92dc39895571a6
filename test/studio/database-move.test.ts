import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeHistory } from '../../bench/api/history.ts'
import { continueEventOrder } from '../../src/api/index.ts'
import { durableLibrary } from '../../src/engine/index.ts'
import { seedTenant } from '../../src/governance/identity/index.ts'
import { seededIdentities, seedIdentities } from '../../src/governance/index.ts'
import type { TenantId } from '../../src/kernel/index.ts'
import { allMigrations } from '../../src/main/schema.ts'
import { connect, type Database, type MoveProgress, moveRows, moveSessions } from '../../src/store/index.ts'
import { createTestDatabase, type TestDatabase } from '../../src/testing/index.ts'

const tenants = [seededIdentities.tenant, 'other' as TenantId]
/** How much further the source has counted transactions. */
const ahead = 1_000_000

let source: TestDatabase

/** Of a studio with two tenants, by the owner of the tables, whom row-level security binds. */
beforeAll(async () => {
  source = await createTestDatabase({ migrations: allMigrations })
  const { database } = source
  await seedIdentities(database)
  await database.transaction({ kind: 'system' }, (tx) =>
    tx.insertInto('tenants').values({ id: 'other', name: 'Other' }).execute(),
  )
  await seedTenant(database, 'other' as TenantId)
  await database.owner.pool.query(
    `create or replace function event_position(transaction xid8) returns xid8 language sql immutable
     as 'select (transaction::text::bigint + ${ahead})::text::xid8'`,
  )
  await writeHistory({
    url: source.target.owner,
    tenants: tenants.map((id) => ({ id, requesters: [seededIdentities.owner], runs: 60 })),
  })
  await database.owner.pool.query(`insert into executors values ('gone', 'there', 1, now(), now())`)
})
afterAll(() => source.close())

const carried = {
  libraries: [durableLibrary],
  onProgress: () => undefined,
  carryOver: continueEventOrder,
}

/** Both ends as those who move open them, while no studio does. */
async function move(target: TestDatabase, options: Partial<Parameters<typeof moveRows>[2]> = {}) {
  await using ends = new AsyncDisposableStack()
  const [from, to] = await Promise.all(
    [source, target].map(async ({ target: address }) => {
      const database = await connect(address, { name: moveSessions })
      ends.defer(() => database.close())
      return database
    }),
  )
  const signal = new AbortController().signal
  return await moveRows(from!, to!, { ...carried, signal, ...options })
}

async function emptyDatabase(): Promise<TestDatabase> {
  const target = await createTestDatabase({ migrations: allMigrations })
  await target.database.close()
  return target
}

/** Number and digest of the rows of each table, which an administrator sees, and where numbers go on. */
async function content({ target }: TestDatabase) {
  const url = new URL(target.owner)
  url.username = 'atelier_admin'
  const client = new Client({ connectionString: url.href, ssl: false })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class
       where relkind = 'r' and relnamespace in ('public'::regnamespace, 'dbos'::regnamespace)`,
    )
    const contents: Record<string, unknown> = {}
    for (const { name } of tables) {
      const { rows } = await client.query<{ rows: number; digest: string }>(
        `select count(*)::int as rows, md5(string_agg(row::text, ';' order by row::text collate "C")) as digest from ${name} as row`,
      )
      contents[name] = rows[0]
    }
    const { rows: sequences } = await client.query<object>(
      'select sequencename, last_value from pg_sequences order by 1',
    )
    const { rows: security } = await client.query<object>(
      'select relname, relrowsecurity, relforcerowsecurity from pg_class where relrowsecurity order by 1',
    )
    return { contents, sequences, security }
  } finally {
    await client.end()
  }
}

async function horizon(database: Database): Promise<bigint> {
  const { rows } = await sql<{ horizon: string }>`
    select event_position(pg_snapshot_xmin(pg_current_snapshot()))::text as horizon`.execute(
    database.owner.kysely,
  )
  return BigInt(rows[0]?.horizon ?? 0)
}

describe('moving the rows of a studio to another database', () => {
  it('refuses while a process of the studio is connected', async () => {
    await using target = await emptyDatabase()
    await expect(move(target)).rejects.toMatchObject({ code: 'ATL_STORE_MOVE_IN_USE' })
    await source.database.close()
  })

  it('has every row of every tenant arrive, and numbers go on where they stood', async () => {
    await using target = await emptyDatabase()
    const before = await content(source)
    const heard: MoveProgress[] = []
    const moved = await move(target, { onProgress: (progress) => heard.push(progress) })
    expect(await content(target)).toEqual(before)
    expect(await content(source)).toEqual(before)
    const sum = (rows: readonly { readonly rows: number }[]) =>
      rows.reduce((total, each) => total + each.rows, 0)
    expect(sum(heard.filter(({ done }) => done))).toBe(sum(moved))
    const ledger = moved.find(({ table }) => table === 'ledger_entries')
    expect(before.contents).toMatchObject({ ledger_entries: { rows: ledger?.rows } })
    expect(ledger?.rows).toBeGreaterThan(500)
    expect(before.sequences).not.toEqual([])

    // Positions of the stream of events are beyond those that the source has told.
    const [from, to] = await Promise.all([source, target].map((each) => connect(each.target)))
    expect(await horizon(to!)).toBeGreaterThan(BigInt(ahead))
    expect(await horizon(to!)).toBeGreaterThanOrEqual(await horizon(from!))
    await Promise.all([from!.close(), to!.close()])
  })

  it('leaves the target empty when it fails or is interrupted', async () => {
    await using target = await emptyDatabase()
    const empty = await content(target)
    const interruption = new AbortController()
    const interrupt = ({ table }: MoveProgress): void => {
      if (table === 'runs') interruption.abort(new Error('enough'))
    }
    await expect(move(target, { signal: interruption.signal, onProgress: interrupt })).rejects.toThrow()
    const fail = () => Promise.reject(new Error('it broke at the end'))
    await expect(move(target, { carryOver: fail })).rejects.toThrow('it broke at the end')
    const left = await content(target)
    // Numbers that were given out are not taken back.
    expect({ ...left, sequences: [] }).toEqual({ ...empty, sequences: [] })
    await expect(move(target)).resolves.toBeDefined()
  })

  it('refuses a target that has a row anywhere', async () => {
    await using target = await emptyDatabase()
    const stranger = await connect(target.target)
    await stranger.transaction({ kind: 'system' }, (tx) =>
      tx.insertInto('tenants').values({ id: 'there', name: 'There' }).execute(),
    )
    await stranger.close()
    await expect(move(target)).rejects.toMatchObject({
      code: 'ATL_STORE_MOVE_OCCUPIED',
      details: { tables: ['tenants'] },
    })
  })
})
