import path from 'node:path'
import type { Logger } from '../kernel/index.ts'
import { type DatabaseTarget, findRunningServer, startEmbeddedServer } from '../store/index.ts'
import type { Configuration } from './configuration.ts'

export interface OpenDatabase {
  readonly target: DatabaseTarget
  /**
   * `own`: the embedded server, which nobody else uses for work. `joined`: the embedded server of another process of
   * the studio. `shared`: a server of the operator's.
   */
  readonly kind: 'own' | 'joined' | 'shared'
  close(): Promise<void>
}

/** The server that the configuration names, or the embedded one: joined where it runs already, else started. */
export async function openDatabase(
  { databaseUrl, dataDirectory }: Configuration,
  logger: Logger,
): Promise<OpenDatabase> {
  if (databaseUrl !== undefined) {
    return { target: { owner: databaseUrl }, kind: 'shared', close: () => Promise.resolve() }
  }
  const directory = path.join(dataDirectory, 'postgresql')
  const running = await findRunningServer(directory)
  if (running !== undefined) return { target: running, kind: 'joined', close: () => Promise.resolve() }
  const server = await startEmbeddedServer({ directory, logger })
  return { target: server.target, kind: 'own', close: () => server.stop() }
}
