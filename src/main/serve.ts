import { createServer } from 'node:net'
import path from 'node:path'
import type { RunningStudio, ServeSettings } from '../cli/index.ts'
import { type Configuration, productVersion } from './configuration.ts'
import { loadDocumentation } from './documentation.ts'
import { hostErrors } from './errors.ts'
import { assembleStudio } from './studio.ts'

/**
 * Serves the studio to others: its API, and the web application where it was built. With the role `worker`, this process
 * executes steps too.
 * @throws ATL_API_CANNOT_LISTEN, ATL_HOST_URL_MISSING, and what assembling the studio throws
 */
export async function serveStudio(
  configuration: Configuration,
  { host, port: wanted, roles, commands }: ServeSettings,
): Promise<RunningStudio> {
  const local = localNames.get(host)
  if (configuration.publicUrl === undefined && local === undefined)
    throw hostErrors.URL_MISSING({ detail: host })
  const port = wanted === 0 ? await findFreePort(host) : wanted
  const publicUrl = configuration.publicUrl ?? `http://${local ?? host}:${port}`
  const below = await assembleStudio(
    { ...configuration, publicUrl },
    roles.includes('worker') ? 'work' : 'look',
  )
  try {
    const { createServices, loadServing } = await import('../api/index.ts')
    const serving = await loadServing()
    const services = createServices(below)
    const { identity, database, audit, models, policy, logger } = below
    const { modelUse } = services
    const server = await serving.startApiServer({
      operations: serving.operations,
      handlers: serving.createHandlers(services),
      authenticator: identity.authenticator,
      policiesOf: (tenantId) => policy.of(tenantId).digest,
      database,
      logger: logger.child({ component: 'api' }),
      version: productVersion(configuration),
      listen: { host, port },
      proxies: configuration.proxies,
      checkReady: () => services.health.check(),
      webDirectory: path.join(configuration.packageRoot, 'web/dist'),
      extensions: [
        (app) => serving.addSignInRoutes(app, identity),
        (app) => serving.addTenantExport(app, identity.tenants),
        (app) => serving.addAuditExport(app, services),
        (app) => serving.addMetrics(app, services),
        (app, underWay) => serving.addGateway(app, underWay, { core: models, modelUse, logger }),
        (app) =>
          serving.addDocumentation(app, () =>
            loadDocumentation(configuration, commands(), { besideStudio: true }),
          ),
      ],
    })
    const { firstOwnerLink } = await import('./owner-link.ts')
    const stopUpkeep = services.upkeep.start()
    return {
      url: publicUrl,
      ownerLink: await firstOwnerLink({ database, audit, url: publicUrl }),
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

/** Addresses that only this machine reaches, and how browsers write them. */
const localNames: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', '127.0.0.1'],
  ['localhost', 'localhost'],
  ['::1', '[::1]'],
])

/** Links and the addresses that identity providers send browsers back to name the port before anybody listens. */
async function findFreePort(host: string): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen({ host, port: 0 }, resolve)
  })
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a port was expected')
  return address.port
}
