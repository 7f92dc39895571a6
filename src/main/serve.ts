import { isIP } from 'node:net'
import path from 'node:path'
import { createHandlers, createServices, startApiServer } from '../api/index.ts'
import type { RunningStudio, ServeSettings } from '../cli/index.ts'
import { operations } from '../contracts/api/index.ts'
import { type Configuration, productVersion } from './configuration.ts'
import { hostErrors } from './errors.ts'
import { createLocalAuthenticator } from './local-authenticator.ts'
import { assembleStudio } from './studio.ts'

/**
 * Serves the studio to others: its API, and the web application where it was built. With the role `worker`, this process
 * executes steps too.
 * @throws ATL_API_CANNOT_LISTEN, ATL_HOST_LOOPBACK_ONLY, and what assembling the studio throws
 */
export async function serveStudio(
  configuration: Configuration,
  { host, port, roles }: ServeSettings,
): Promise<RunningStudio> {
  if (!isLoopback(host)) throw hostErrors.LOOPBACK_ONLY({ detail: host })
  const below = await assembleStudio(configuration, roles.includes('worker') ? 'work' : 'look')
  try {
    const { authenticator, token } = createLocalAuthenticator(below.database)
    const services = createServices(below)
    const server = await startApiServer({
      operations,
      handlers: createHandlers(services),
      authenticator,
      database: below.database,
      logger: below.logger.child({ component: 'api' }),
      version: productVersion(configuration),
      listen: { host, port },
      checkReady: () => services.health.check(),
      webDirectory: path.join(configuration.packageRoot, 'web/dist'),
    })
    const stopUpkeep = services.upkeep.start()
    return {
      url: server.url,
      token,
      close: async () => {
        await server.close()
        await stopUpkeep()
        await below.close()
      },
    }
  } catch (error) {
    await below.close()
    throw error
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
