import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { embeddedServerErrors } from '../errors.ts'

export interface DataDirectoryLock {
  /** Random and stable; names the lock and the server's processes. */
  readonly directoryId: string
  release(): Promise<void>
}

/**
 * Takes the data directory for this process. The lock is a socket in Linux's abstract namespace: the kernel grants it
 * to one process at a time and takes it back when that process ends in whatever way, so there is never a stale one.
 */
export async function lockDataDirectory(directory: string): Promise<DataDirectoryLock> {
  const directoryId = readOrCreateId(join(directory, 'id'))
  const holderFile = join(directory, 'holder.json')
  const server = createServer((socket) => socket.destroy())
  await listen(server, `\0atelier-${directoryId}`, () => readHolder(holderFile), directory)
  server.unref()
  writeFileSync(holderFile, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }), {
    mode: 0o600,
  })
  return {
    directoryId,
    release: () => {
      rmSync(holderFile, { force: true })
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function listen(server: Server, path: string, holder: () => Holder, directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') {
        reject(cause)
        return
      }
      const { pid, since } = holder()
      const who = pid === undefined ? 'another process' : `process ${pid}, since ${since ?? 'unknown'}`
      reject(
        embeddedServerErrors.IN_USE({
          detail: `${directory}, by ${who}`,
          details: { directory, pid, since },
        }),
      )
    })
    server.listen({ path, exclusive: true }, resolve)
  })
}

interface Holder {
  readonly pid?: number
  readonly since?: string
}

function readHolder(file: string): Holder {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof parsed !== 'object' || parsed === null) return {}
    return {
      ...('pid' in parsed && typeof parsed.pid === 'number' && { pid: parsed.pid }),
      ...('since' in parsed && typeof parsed.since === 'string' && { since: parsed.since }),
    }
  } catch {
    return {}
  }
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
