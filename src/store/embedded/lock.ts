import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { AtelierError } from '../../kernel/index.ts'
import { embeddedServerErrors } from '../errors.ts'
import type { DatabaseTarget } from '../target.ts'

/** A server that another process runs. */
export interface RunningServer {
  readonly target: DatabaseTarget
  /** Whether that process does the studio's work, or has the server only to look something up. */
  readonly works: boolean
}

export interface DataDirectoryLock {
  /** Random and stable; names the lock and the server's processes. */
  readonly directoryId: string
  /** Tells other processes of the same account how to reach the server, see {@link findRunningServer}. */
  announce(server: RunningServer): void
  release(): Promise<void>
}

/** A process that was just killed may hold its lock for a moment longer. */
const patienceMs = 1_000

/**
 * Takes the data directory for this process. The lock is a socket in Linux's abstract namespace: the kernel grants it
 * to one process at a time and takes it back when that process ends in whatever way, so there is never a stale one.
 * @throws ATL_EMBEDDED_IN_USE, with the process that has it.
 */
export async function lockDataDirectory(directory: string): Promise<DataDirectoryLock> {
  const directoryId = readOrCreateId(join(directory, 'id'))
  const holderFile = join(directory, 'holder.json')
  const deadline = Date.now() + patienceMs
  let server = await listen(`\0atelier-${directoryId}`)
  while (server === undefined && Date.now() < deadline) {
    await delay(20)
    server = await listen(`\0atelier-${directoryId}`)
  }
  if (server === undefined) throw inUse(directory, readHolder(holderFile))
  const holder: Holder = { pid: process.pid, since: new Date().toISOString() }
  writeFileSync(holderFile, JSON.stringify(holder), { mode: 0o600 })
  const { close } = server
  return {
    directoryId,
    announce: (running) =>
      writeFileSync(holderFile, JSON.stringify({ ...holder, ...running }), { mode: 0o600 }),
    release: () => {
      rmSync(holderFile, { force: true })
      return close()
    },
  }
}

/**
 * Addresses of the server that another process runs over `directory` at this moment; undefined when there is none, or
 * when it is not ready yet. They hold no secret: the server's peer authentication lets in the same account only.
 */
export async function findRunningServer(directory: string): Promise<RunningServer | undefined> {
  const idFile = join(directory, 'id')
  if (!existsSync(idFile)) return undefined
  const free = await listen(`\0atelier-${readOrCreateId(idFile)}`)
  await free?.close()
  if (free !== undefined) return undefined
  const { target, works } = readHolder(join(directory, 'holder.json'))
  return target === undefined ? undefined : { target, works: works === true }
}

/** Undefined where another process listens on the path. */
function listen(path: string): Promise<{ close: () => Promise<void> } | undefined> {
  const server = createServer((socket) => socket.destroy())
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()))
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen({ path, exclusive: true }, () => {
      server.unref()
      resolve({ close })
    })
  })
}

function inUse(directory: string, { pid, since }: Holder): AtelierError {
  const who = pid === undefined ? 'another process' : `process ${pid}, since ${since ?? 'unknown'}`
  return embeddedServerErrors.IN_USE({
    detail: `${directory}, by ${who}`,
    details: { directory, pid, since },
  })
}

interface Holder {
  readonly pid?: number
  readonly since?: string
  readonly target?: DatabaseTarget
  readonly works?: boolean
}

function readHolder(file: string): Holder {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof parsed !== 'object' || parsed === null) return {}
    return {
      ...('pid' in parsed && typeof parsed.pid === 'number' && { pid: parsed.pid }),
      ...('since' in parsed && typeof parsed.since === 'string' && { since: parsed.since }),
      ...('works' in parsed && typeof parsed.works === 'boolean' && { works: parsed.works }),
      ...('target' in parsed && isTarget(parsed.target) && { target: parsed.target }),
    }
  } catch {
    return {}
  }
}

function isTarget(value: unknown): value is DatabaseTarget {
  return typeof value === 'object' && value !== null && 'owner' in value && typeof value.owner === 'string'
}

function readOrCreateId(file: string): string {
  try {
    writeFileSync(file, randomBytes(8).toString('hex'), { flag: 'wx', mode: 0o600, flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const id = readFileSync(file, 'utf8')
  if (/^[0-9a-f]{16}$/.test(id)) return id
  // A crash between creating and writing the file; nobody can hold a lock under an incomplete id.
  rmSync(file, { force: true })
  return readOrCreateId(file)
}
