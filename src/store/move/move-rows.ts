import type { ClientBase, PoolClient } from 'pg'
import { plural } from '../../kernel/index.ts'
import { studioSessions } from '../connection-pool.ts'
import type { Database } from '../database.ts'
import { storeErrors } from '../errors.ts'
import { translateFailure } from '../failures.ts'
import { type LibrarySchema, type MovedTable, movedTables } from './moved-tables.ts'
import { passRows } from './row-stream.ts'

export interface MoveProgress {
  readonly table: string
  /** How many have gone by. */
  readonly rows: number
  readonly done: boolean
}

export interface MoveOptions {
  /** What libraries keep beside the studio's own schema. */
  readonly libraries: readonly LibrarySchema[]
  readonly signal: AbortSignal
  readonly onProgress: (progress: MoveProgress) => void
  /** Carries over what depends on the server and not on rows alone, within the same two transactions. */
  readonly carryOver: (source: ClientBase, target: ClientBase) => Promise<void>
}

interface MovedRows {
  readonly table: string
  readonly rows: number
}

/**
 * Copies all rows of one database to another that has the same schema and is empty: read in one snapshot, written in one
 * transaction. So the target has all of them or none, however this ends; and the source is only read.
 *
 * Row-level security stays on at the source, which is read tenant by tenant where it binds the connected user. At the
 * target it is lifted for the owner of the tables within the transaction, which locks out everybody else until it ends.
 * @throws ATL_STORE_MOVE_IN_USE, ATL_STORE_MOVE_OCCUPIED, ATL_STORE_MOVE_INCOMPLETE, and what connections fail with.
 */
export async function moveRows(
  source: Database,
  target: Database,
  options: MoveOptions,
): Promise<readonly MovedRows[]> {
  const clients: PoolClient[] = []
  const open = async (database: Database): Promise<PoolClient> => {
    const client = await database.owner.pool.connect()
    clients.push(client)
    return client
  }
  try {
    const writing = await open(target)
    const tables = await takeEmptyTarget(writing, options.libraries)
    const reading = await open(source)
    await refuseWorkAt(reading)
    await reading.query('begin isolation level repeatable read read only')
    const shown = await movedTables(reading, options.libraries)
    // After the snapshot, which therefore has rows of no tenant that is not among them.
    const tenants = await tenantsOf(source)
    const filtered = new Set(shown.filter(({ isFiltered }) => isFiltered).map(({ name }) => name))
    const moved: MovedRows[] = []
    for (const table of tables) {
      const of = filtered.has(table.name) ? tenants : undefined
      moved.push(await moveTable(reading, writing, { table, tenants: of, options }))
    }
    await options.carryOver(reading, writing)
    for (const table of tables) if (table.isFiltered) await filter(writing, table, 'force')
    // Plans are good from the beginning.
    await writing.query(`analyze ${tables.map(({ name }) => name).join(', ')}`)
    await refuseWorkAt(reading)
    options.signal.throwIfAborted()
    await writing.query('commit')
    return moved
  } catch (error) {
    throw translateFailure(error)
  } finally {
    // Closed, which rolls back what was not committed: in the middle of a copy nothing else can be said to a server.
    for (const client of clients) client.release(true)
  }
}

/** How long others may hold a table of the target. */
const lockPatience = '10s'

/** Begins a transaction that has the target for itself, after making sure that nothing is in it. */
async function takeEmptyTarget(
  client: ClientBase,
  libraries: readonly LibrarySchema[],
): Promise<readonly MovedTable[]> {
  await client.query('begin')
  const tables = await movedTables(client, libraries)
  await client.query(`set local lock_timeout = '${lockPatience}'`)
  await client.query(`lock table ${tables.map(({ name }) => name).join(', ')} in access exclusive mode`)
  for (const table of tables) if (table.isFiltered) await filter(client, table, 'no force')
  const checks = tables.map(
    ({ name }, index) => `select ${index} as index where exists (select from ${name})`,
  )
  const { rows } = await client.query<{ index: number }>(checks.join(' union all '))
  const occupied = rows.flatMap(({ index }) => tables[index]?.name ?? [])
  if (occupied.length > 0)
    throw storeErrors.MOVE_OCCUPIED({
      detail: `it has rows in ${listed(occupied)}`,
      details: { tables: occupied },
    })
  return tables
}

const mostListed = 3

function listed(names: readonly string[]): string {
  const more = names.length - mostListed
  const named = names.slice(0, mostListed).join(', ')
  return more > 0 ? `${named} and ${plural(more, 'other table')}` : named
}

/** Whether row-level security binds the owner of a table too. */
async function filter(client: ClientBase, { name }: MovedTable, force: 'force' | 'no force'): Promise<void> {
  await client.query(`alter table ${name} ${force} row level security`)
}

async function moveTable(
  source: ClientBase,
  target: ClientBase,
  moving: {
    readonly table: MovedTable
    readonly tenants: readonly string[] | undefined
    readonly options: MoveOptions
  },
): Promise<MovedRows> {
  const { table, tenants, options } = moving
  const { name } = table
  const onRows = (rows: number): void => options.onProgress({ table: name, rows, done: false })
  const sent = await passRows({ source, target, table, tenants, signal: options.signal, onRows })
  const { rows } = await target.query<{ count: string }>(`select count(*) as count from ${name}`)
  const found = Number(rows[0]?.count)
  if (found !== sent)
    throw storeErrors.MOVE_INCOMPLETE({ detail: `${name}: ${sent} rows were sent and ${found} arrived` })
  for (const column of table.numbered) await moveSequence(source, target, name, column)
  options.onProgress({ table: name, rows: sent, done: true })
  return { table: name, rows: sent }
}

/** Rows that come later are numbered on from where the source would have gone on. */
async function moveSequence(
  source: ClientBase,
  target: ClientBase,
  table: string,
  column: string,
): Promise<void> {
  const { rows: sequences } = await source.query<{ name: string }>(
    'select pg_get_serial_sequence($1, $2) as name',
    [table, column],
  )
  const { rows } = await source.query<{ last_value: string; is_called: boolean }>(
    `select last_value, is_called from ${sequences[0]?.name ?? ''}`,
  )
  for (const { last_value: last, is_called: isCalled } of rows)
    await target.query('select setval(pg_get_serial_sequence($1, $2), $3, $4)', [
      table,
      column,
      last,
      isCalled,
    ])
}

/** What whoever moves a database calls itself there. */
export const moveSessions = 'atelier-move'

/** @throws ATL_STORE_MOVE_IN_USE when a process of the studio is connected to the same database. */
async function refuseWorkAt(source: ClientBase): Promise<void> {
  const { rows } = await source.query<{ since: Date; host: string | null }>(
    `select min(backend_start) as since, host(client_addr) as host from pg_stat_activity
     where datname = current_database() and application_name = $1 group by client_addr order by 1`,
    [studioSessions],
  )
  const who = rows.map(({ since, host }) => `${host ?? 'this machine'}, since ${since.toISOString()}`)
  if (who.length > 0) throw storeErrors.MOVE_IN_USE({ detail: `from ${who.join('; ')}` })
}

async function tenantsOf(source: Database): Promise<readonly string[]> {
  return source.transaction({ kind: 'system' }, async (tx) => {
    const rows = await tx.selectFrom('tenants').select('id').orderBy('id').execute()
    return rows.map(({ id }) => id)
  })
}
