import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedServer } from '../store/index.ts'
import type { EmbeddedServer } from '../store/index.ts'

/** Superuser of test servers; creates and drops the databases. */
export const administrator = 'atelier_admin'

/** Databases of tests are thrown away, so they need not survive a crash of the machine. */
const disposable = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/**
 * Starts a PostgreSQL server in a temporary directory, as durable as the studio's own or, for tests, not. Stopping it
 * removes the directory.
 */
export async function startTestServer(durability: 'durable' | 'disposable'): Promise<EmbeddedServer> {
  const settings = { max_connections: 300, ...(durability === 'durable' ? {} : disposable) }
  const directory = mkdtempSync(join(tmpdir(), 'atelier-test-'))
  // Root's server runs as another account, which has to get in.
  chmodSync(directory, 0o711)
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    const server = await startEmbeddedServer({ directory: join(directory, 'postgresql'), settings })
    const stop = server.stop.bind(server)
    return Object.assign(server, { stop: () => stop().finally(remove) })
  } catch (error) {
    remove()
    throw error
  }
}

/** An offer of one server to all processes of a test run; it starts when the first of them asks. */
export interface SharedServer {
  /** Where to ask: a Unix socket that answers with the superuser's address. */
  readonly socketPath: string
  close(): Promise<void>
}

/** Called once by the test runner, before the processes that run the tests. */
export function offerSharedServer(): Promise<SharedServer> {
  const directory = mkdtempSync(join(tmpdir(), 'atelier-offer-'))
  const socketPath = join(directory, 'socket')
  let starting: Promise<EmbeddedServer> | undefined
  const offer = createServer((socket) => {
    socket.on('error', () => undefined)
    starting ??= startTestServer('disposable')
    starting.then(
      (server) => socket.end(JSON.stringify({ url: server.urlFor(administrator, 'postgres') })),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) })),
    )
  })
  const close = async (): Promise<void> => {
    await new Promise((resolve) => offer.close(resolve))
    const server = await starting?.catch(() => undefined)
    await server?.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  return new Promise((resolve, reject) => {
    offer.once('error', reject)
    offer.listen(socketPath, () => resolve({ socketPath, close }))
  })
}
