import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../kernel/index.ts'
import {
  type DatabaseTarget,
  type EmbeddedServer,
  findRunningServer,
  startEmbeddedServer,
} from '../store/index.ts'
import type { Configuration } from './configuration.ts'

export interface OpenDatabase {
  readonly target: DatabaseTarget
  /**
   * `own`: the embedded server, which nobody else uses for work. `joined`: the embedded server of another process of
   * the studio. `shared`: a server of the operator's.
   */
  readonly kind: 'own' | 'joined' | 'shared'
  /** Whether the process whose server was joined does the studio's work. */
  readonly othersWork: boolean
  close(): Promise<void>
}

/**
 * The server that the configuration names, or the embedded one: joined where it runs already, else started.
 * @param onWaiting told once other processes are at work, while which this one has time.
 */
export async function openDatabase(
  { databaseUrl, dataDirectory }: Configuration,
  purpose: 'work' | 'look',
  logger: Logger,
  onWaiting?: () => void,
): Promise<OpenDatabase> {
  if (databaseUrl !== undefined) {
    const close = (): Promise<void> => Promise.resolve()
    return { target: { owner: databaseUrl }, kind: 'shared', othersWork: false, close }
  }
  const options = { directory: path.join(dataDirectory, 'postgresql'), works: purpose === 'work', logger }
  const running = await findRunningServer(options.directory)
  if (running === undefined) {
    const server = await startEmbeddedServer({ ...options, ...(onWaiting && { onWaiting }) })
    return { target: server.target, kind: 'own', othersWork: false, close: () => server.stop() }
  }
  const close = purpose === 'work' ? inherit(options) : (): Promise<void> => Promise.resolve()
  return { target: running.target, kind: 'joined', othersWork: running.works, close }
}

const inheritanceCheckMs = 200

/**
 * Starts the server again, under the same address, when the process that runs it ends before this one: whoever only
 * looked something up, or was killed, takes nobody's work down. Returns what ends that.
 */
function inherit(options: Parameters<typeof startEmbeddedServer>[0]): () => Promise<void> {
  const end = new AbortController()
  const ended = (): boolean => end.signal.aborted
  const watching = (async (): Promise<EmbeddedServer | undefined> => {
    while (!ended()) {
      await delay(inheritanceCheckMs, undefined, { signal: end.signal, ref: false }).catch(() => undefined)
      if (ended() || (await findRunningServer(options.directory)) !== undefined) continue
      // Another heir may be faster, or the server may fail to start; then there is a next time.
      const server = await startEmbeddedServer(options).catch(() => undefined)
      if (server !== undefined) return server
    }
    return undefined
  })()
  return async () => {
    end.abort()
    await (await watching)?.stop()
  }
}
