import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CopiedFile } from '../file-copy.ts'
import { copyRunningDatabase } from './base-backup.ts'
import { restoreDatabase } from './restoration.ts'
import { startEmbeddedServer } from './server.ts'

let directory: string
const cleanups: (() => unknown)[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atelier-backup-'))
  chmodSync(directory, 0o755)
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }))
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(name: string) {
  const server = await startEmbeddedServer({ directory: join(directory, name) })
  cleanups.push(() => server.stop())
  const client = new Client({ connectionString: server.target.owner, ssl: false })
  client.on('error', () => undefined)
  await client.connect()
  cleanups.push(() => client.end().catch(() => undefined))
  return { server, client }
}

async function numbers(client: Client): Promise<number[]> {
  const { rows } = await client.query<{ n: number }>('select n from numbers order by n')
  return rows.map(({ n }) => n)
}

describe('a copy of a running database', () => {
  it('holds all that was committed before it began, and no half of what was written meanwhile', async () => {
    const { server, client } = await start('original')
    await client.query('create table numbers (n int primary key, twin int)')
    await client.query('insert into numbers select n, n from generate_series(1, 20000) n')
    const secret = join(directory, 'secret')
    writeFileSync(secret, 'outside of the database')
    symlinkSync(secret, join(server.dataDirectory, 'link'))
    let next = 20_000
    const copied = new AbortController()
    const writes = (): boolean => !copied.signal.aborted
    const writing = (async () => {
      while (writes()) {
        next += 2
        await client.query('insert into numbers values ($1, $1), ($1 + 1, $1)', [next])
      }
    })()
    const files = await copyRunningDatabase(server.target, join(directory, 'copy'))
    copied.abort()
    await writing

    let seen: readonly CopiedFile[] = []
    await restoreDatabase(join(directory, 'copy'), join(directory, 'restored'), (read) => (seen = read))
    expect(new Set(seen)).toEqual(new Set(files))
    expect(files.filter(({ path }) => path === 'link')).toEqual([])
    const { client: restored } = await start('restored')
    const found = await numbers(restored)
    expect(found.slice(0, 20_000)).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1))
    const { rows } = await restored.query(
      'select twin from numbers where n > 20000 group by twin having count(*) <> 2',
    )
    expect(rows).toEqual([])
    // It goes on as a database of its own.
    await restored.query('insert into numbers values (-1, -1)')
    expect((await numbers(client)).at(0)).toBe(1)
  })

  it('never takes the place of a database, and takes none when it is refused', async () => {
    const copy = join(directory, 'copy')
    mkdirSync(copy)
    writeFileSync(join(copy, 'PG_VERSION'), '18\n')
    const into = join(directory, 'place')
    const refusal = new Error('changed')
    const refused = restoreDatabase(copy, into, () => {
      throw refusal
    })
    await expect(refused).rejects.toMatchObject({ cause: refusal })
    expect(readdirSync(join(into, 'cluster'))).toEqual([])
    const accept = () => undefined
    await restoreDatabase(copy, into, accept)
    await expect(restoreDatabase(copy, into, accept)).rejects.toMatchObject({ code: 'ATL_EMBEDDED_OCCUPIED' })
    expect(readdirSync(into).filter((name) => name.startsWith('restoring-'))).toEqual([])
  })
})
