import path from 'node:path'
import { addSignInRoutes, createHandlers, createServices, startApiServer } from '../api/index.ts'
import type { RunningStudio, ServeSettings } from '../cli/index.ts'
import { operations } from '../contracts/api/index.ts'
import { type Configuration, defaultUrl, productVersion } from './configuration.ts'
import { openIdentityPlane } from './identity-plane.ts'
import { createOwnerLink } from './owner-link.ts'
import { assembleStudio } from './studio.ts'

/**
 * Serves the studio to others: its API, and the web application where it was built. With the role `worker`, this process
 * executes steps too.
 * @throws ATL_API_CANNOT_LISTEN, errors of OIDC, and what assembling the studio throws
 */
export async function serveStudio(
  configuration: Configuration,
  { host, port, roles }: ServeSettings,
): Promise<RunningStudio> {
  const below = await assembleStudio(configuration, roles.includes('worker') ? 'work' : 'look')
  try {
    const identity = await openIdentityPlane(configuration, below)
    const services = createServices(below)
    const server = await startApiServer({
      operations,
      handlers: createHandlers(services),
      authenticator: identity.authenticator,
      database: below.database,
      logger: below.logger.child({ component: 'api' }),
      version: productVersion(configuration),
      listen: { host, port },
      checkReady: () => services.health.check(),
      extensions: [(app) => addSignInRoutes(app, identity)],
      webDirectory: path.join(configuration.packageRoot, 'web/dist'),
    })
    const stopUpkeep = services.upkeep.start()
    return {
      url: server.url,
      ownerLink: await createOwnerLink(
        { database: below.database, audit: below.governance.audit },
        configuration.publicUrl === defaultUrl ? server.url : configuration.publicUrl,
      ),
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
