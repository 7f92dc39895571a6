import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Logger } from '../../kernel/index.ts'
import { connect } from '../index.ts'
import { makePrivateDirectory, serverAccount, spawnIdentity } from './account.ts'
import { startEmbeddedServer } from './server.ts'
import type { EmbeddedServer, EmbeddedServerOptions } from './server.ts'

const isRoot = process.getuid?.() === 0
const holder = join(import.meta.dirname, 'fixtures', 'hold-server.ts')

let prototype: string
let directory: string
const cleanups: (() => unknown)[] = []

function makeDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'atelier-server-'))
  chmodSync(made, 0o755)
  return made
}

/** A created and stopped database to begin with: creating one takes a second. */
beforeAll(async () => {
  prototype = makeDirectory()
  const server = await startEmbeddedServer({ directory: prototype })
  await server.stop()
})
afterAll(() => rmSync(prototype, { recursive: true, force: true }))

function beginWithDatabase(): void {
  execFileSync('cp', ['-a', join(prototype, 'cluster'), directory])
}

beforeEach(() => {
  directory = makeDirectory()
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }))
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(options: Partial<EmbeddedServerOptions> = {}): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ directory, ...options })
  cleanups.push(() => server.stop())
  return server
}

async function open(server: EmbeddedServer) {
  const database = await connect(server.target)
  cleanups.push(() => database.close())
  return database
}

/** Another studio on the directory, in its own process. Resolves with what it says first. */
async function startElsewhere(): Promise<{ child: ChildProcess; says: Record<string, unknown> }> {
  const child = spawn(process.execPath, [holder, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  cleanups.push(() => child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { child, says: JSON.parse(line) as Record<string, unknown> }
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function until(condition: () => boolean, patienceMs = 10_000): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!condition() && Date.now() < deadline) await delay(5)
  expect(condition()).toBe(true)
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'started',
    (error: unknown) => (error as { code: unknown }).code,
  )

describe('the embedded server', () => {
  it('keeps what was committed over a stop and a start, and leaves no process behind', async () => {
    const first = await start()
    const pid = first.pid!
    const database = await open(first)
    await database.owner.pool.query('create table kept as select 1 as n')
    await database.close()
    await first.stop()
    await first.stop()
    expect(isAlive(pid)).toBe(false)
    const again = await open(await start())
    expect((await again.owner.pool.query('select n from kept')).rows).toEqual([{ n: 1 }])
  })

  it('does not run as root, and lets nobody else in', async () => {
    beginWithDatabase()
    const server = await start()
    const status = readFileSync(`/proc/${server.pid!}/status`, 'utf8')
    expect(Number(/^Uid:\s+(\d+)/m.exec(status)![1])).toBe(serverAccount().uid)
    expect(serverAccount().uid).not.toBe(0)
    if (!isRoot) return
    const intruder = `
      const { Client } = require('pg')
      const client = new Client({ connectionString: process.argv[1], ssl: false })
      client.connect().then(() => console.log('in'), (error) => console.log(error.code))`
    for (const uid of [65_534, 65_533]) {
      const answer = execFileSync(process.execPath, ['-e', intruder, server.target.owner], {
        cwd: process.cwd(),
        uid,
        gid: uid,
        encoding: 'utf8',
      })
      expect(answer.trim()).toMatch(/^(EACCES|28000)$/)
    }
  })

  it('is started again when it is killed, and nothing committed is lost', async () => {
    beginWithDatabase()
    const server = await start()
    const database = await open(server)
    await database.owner.pool.query('create table kept as select 1 as n')
    const killed = server.pid!
    const busy = database.owner.pool.query('select pg_sleep(60)').catch((error: unknown) => error)
    process.kill(killed, 'SIGKILL')
    expect(await busy).toBeInstanceOf(Error)
    const rows = await database.transaction({ kind: 'system' }, (tx) =>
      tx.selectNoFrom((is) => is.val(1).as('n')).execute(),
    )
    expect(rows).toHaveLength(1)
    expect((await database.owner.pool.query('select n from kept')).rows).toEqual([{ n: 1 }])
    expect(server.pid).not.toBe(killed)
  })

  it('reports work that a killed server interrupted as retryable', async () => {
    beginWithDatabase()
    const server = await start()
    const database = await open(server)
    const work = database.transaction({ kind: 'system' }, async (_tx, client) => {
      process.kill(server.pid!, 'SIGKILL')
      await client.query('select pg_sleep(60)')
    })
    await expect(work).rejects.toMatchObject({ code: 'ATL_STORE_UNAVAILABLE', retryable: true })
  })

  it('is given up after it died too often, and stops all the same', async () => {
    beginWithDatabase()
    const messages: string[] = []
    const logger: Logger = {
      log: (_level, _fields, message) => void messages.push(message),
      child: () => logger,
    }
    const server = await start({ logger })
    for (let deaths = 0; deaths < 6; deaths += 1) {
      await until(() => server.pid !== undefined)
      const { pid } = server
      process.kill(pid!, 'SIGKILL')
      await until(() => server.pid !== pid)
    }
    await until(() => messages.some((message) => message.includes('given up')))
    await expect(connect(server.target, { patienceMs: 0 })).rejects.toMatchObject({
      code: 'ATL_STORE_UNAVAILABLE',
    })
    await server.stop()
  })
})

describe('a studio that is killed', () => {
  it('takes its server with it, and the next one finds everything that was committed', async () => {
    beginWithDatabase()
    const { child, says } = await startElsewhere()
    const pid = says['pid'] as number
    expect(isAlive(pid)).toBe(true)
    child.kill('SIGKILL')
    const database = await open(await start())
    expect((await database.owner.pool.query('select note from kept')).rows).toEqual([{ note: 'committed' }])
    expect(isAlive(pid)).toBe(false)
  })

  it('and its server at once are recovered from', async () => {
    beginWithDatabase()
    const { child, says } = await startElsewhere()
    child.kill('SIGKILL')
    process.kill(says['pid'] as number, 'SIGKILL')
    const database = await open(await start())
    expect((await database.owner.pool.query('select note from kept')).rows).toEqual([{ note: 'committed' }])
  })

  it('while it creates the database leaves nothing that looks complete', async () => {
    const child = spawn(process.execPath, [holder, directory], { stdio: 'ignore' })
    cleanups.push(() => child.kill('SIGKILL'))
    const cluster = join(directory, 'cluster')
    await until(() => existsSync(cluster) && readdirSync(cluster).some((name) => name.startsWith('partial-')))
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(existsSync(join(cluster, 'data'))).toBe(false)
    await open(await start())
    expect(existsSync(join(cluster, 'data'))).toBe(true)
  })

  it('and left its server running is cleaned up after', async () => {
    beginWithDatabase()
    const first = await start()
    const [program, ...rest] = readFileSync(`/proc/${first.pid!}/cmdline`, 'utf8').split('\0').slice(0, -1)
    await first.stop()
    const options = { detached: true, stdio: 'ignore', ...spawnIdentity(serverAccount()) } as const
    const orphan = spawn(program!, rest, options)
    cleanups.push(() => orphan.kill('SIGKILL'))
    const pidFile = join(first.dataDirectory, 'postmaster.pid')
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').includes('ready'))
    const next = await start()
    expect(isAlive(orphan.pid!)).toBe(false)
    await open(next)
  })

  it('leaves a number that may by now be anybody’s', async () => {
    beginWithDatabase()
    const first = await start()
    await first.stop()
    const pidFile = join(first.dataDirectory, 'postmaster.pid')
    writeFileSync(pidFile, `${process.ppid}\n${first.dataDirectory}\n`)
    await open(await start())
    expect(isAlive(process.ppid)).toBe(true)
  })
})

describe('a data directory', () => {
  it('belongs to one process at a time, and who it is gets told', async () => {
    beginWithDatabase()
    const { child } = await startElsewhere()
    const refused = startEmbeddedServer({ directory })
    await expect(refused).rejects.toMatchObject({
      code: 'ATL_EMBEDDED_IN_USE',
      details: { pid: child.pid },
    })
    await expect(refused).rejects.toThrow(`process ${child.pid!}`)
  })

  it('is given to one of two that start together', async () => {
    beginWithDatabase()
    const outcomes = await Promise.all([codeOf(start()), codeOf(start())])
    expect(outcomes.toSorted()).toEqual(['ATL_EMBEDDED_IN_USE', 'started'])
  })

  it('with something else in it is refused and left alone', async () => {
    const data = join(directory, 'cluster', 'data')
    makePrivateDirectory(serverAccount(), join(directory, 'cluster'))
    mkdirSync(data)
    writeFileSync(join(data, 'thesis.doc'), 'years of work')
    expect(await codeOf(start())).toBe('ATL_EMBEDDED_INVALID')
    expect(readFileSync(join(data, 'thesis.doc'), 'utf8')).toBe('years of work')
  })

  it('of another major version is refused', async () => {
    beginWithDatabase()
    const first = await start()
    await first.stop()
    writeFileSync(join(first.dataDirectory, 'PG_VERSION'), '99\n')
    expect(await codeOf(start())).toBe('ATL_EMBEDDED_VERSION_MISMATCH')
  })

  it('with a damaged file ends in the words of the server', async () => {
    beginWithDatabase()
    const first = await start()
    await first.stop()
    writeFileSync(join(first.dataDirectory, 'global', 'pg_control'), 'damaged')
    await expect(start()).rejects.toMatchObject({
      code: 'ATL_EMBEDDED_START_FAILED',
      message: expect.stringContaining('pg_control') as unknown,
    })
  })

  it('that cannot be made is refused', async () => {
    writeFileSync(join(directory, 'file'), '')
    expect(await codeOf(start({ directory: join(directory, 'file', 'below') }))).toBe(
      'ATL_EMBEDDED_UNREACHABLE',
    )
  })

  it('may have a longer path than a socket may', async () => {
    const server = await start({ directory: join(directory, 'long'.repeat(30)) })
    await open(server)
  })

  it.runIf(isRoot)('of another user is refused, and a link is not followed', async () => {
    const target = join(directory, 'target')
    mkdirSync(target)
    symlinkSync(target, join(directory, 'cluster'))
    expect(await codeOf(start())).toBe('ATL_EMBEDDED_UNREACHABLE')
    expect(statSync(target).uid).toBe(0)
    rmSync(join(directory, 'cluster'))
    mkdirSync(join(directory, 'cluster'))
    chownSync(join(directory, 'cluster'), 1234, 1234)
    await expect(start()).rejects.toThrow('user 1234')
  })

  it.runIf(isRoot)('that the server’s account may not enter is replaced by one that it may', async () => {
    chmodSync(directory, 0o700)
    const server = await start()
    const place = readFileSync(join(directory, 'location'), 'utf8').trim()
    cleanups.unshift(() => rmSync(place, { recursive: true, force: true }))
    expect(server.dataDirectory).toBe(join(place, 'cluster', 'data'))
    await open(server)
  })

  it.runIf(isRoot)('on a full disk says so, before and while it runs', async () => {
    const disk = join(directory, 'disk')
    mkdirSync(disk)
    const mount = (megabytes: number): void => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', disk])
    }
    mount(20)
    cleanups.push(() => execFileSync('umount', [disk]))
    expect(await codeOf(start({ directory: join(disk, 'small') }))).toBe('ATL_EMBEDDED_NO_SPACE')
    rmSync(join(disk, 'small'), { recursive: true })
    execFileSync('mount', ['-o', 'remount,size=100m', disk])
    const server = await start({ directory: join(disk, 'larger'), settings: { max_wal_size: '32MB' } })
    const database = await open(server)
    await database.owner.pool.query('create table filler (content text)')
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(40_000_000))
    const fill = database.owner.pool.query(
      'insert into filler select string_agg(md5(random()::text), null) from generate_series(1, 400), generate_series(1, 10000) g group by g',
    )
    await expect(fill).rejects.toThrow()
    rmSync(join(disk, 'ballast'))
    await database.transaction({ kind: 'system' }, (tx) =>
      tx.selectNoFrom((is) => is.val(1).as('n')).execute(),
    )
    expect((await database.owner.pool.query('select count(*)::int as n from filler')).rows).toEqual([
      { n: 0 },
    ])
  })
})

it.runIf(isRoot)('an ordinary user runs the server as himself', async () => {
  chownSync(directory, 65_534, 65_534)
  const child = spawn(process.execPath, [holder, directory], {
    uid: 65_534,
    gid: 65_534,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { pid } = JSON.parse(line) as { pid: number }
  expect(isAlive(pid)).toBe(true)
  child.kill('SIGKILL')
  await until(() => !isAlive(pid))
})
