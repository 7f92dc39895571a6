import { chmod } from 'node:fs/promises'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { TaskKeyAuthenticator } from '../../governance/identity/index.ts'
import { createId } from '../../kernel/index.ts'
import type { Logger } from '../../kernel/index.ts'
import { UnderWay } from '../http/index.ts'
import { keyOf } from './caller.ts'
import { addEndpoints } from './endpoints.ts'
import type { EndpointLimits, GatewayCore } from './endpoints.ts'
import { gatewayErrors } from './errors.ts'

/** Where to listen: a port of an address (0 for any free port), or a Unix socket with its permissions. */
type ListenPlace =
  | { readonly host: string; readonly port: number }
  | { readonly socket: string; readonly mode?: number }

export interface GatewayServerOptions extends EndpointLimits {
  readonly core: GatewayCore
  readonly keys: TaskKeyAuthenticator
  readonly logger: Logger
  readonly listen: readonly ListenPlace[]
  /** How long a client may take to send a request; 60 s when absent. */
  readonly sendMs?: number
}

export interface GatewayServer {
  /** Base addresses of the ports, without `/v1`, in the order of `listen`. */
  readonly urls: readonly string[]
  /** Takes no new requests, waits `graceMs` for those under way, and then ends them. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

/**
 * Serves models to tasks, which show their keys; see docs/gateway.md.
 * @throws ATL_GATEWAY_CANNOT_LISTEN
 */
export async function startGatewayServer(options: GatewayServerOptions): Promise<GatewayServer> {
  const underWay = new UnderWay()
  const apps: FastifyInstance[] = []
  const urls: string[] = []
  const closeApps = async (): Promise<void> => {
    await Promise.all(apps.map((app) => app.close()))
  }
  try {
    for (const place of options.listen) {
      const app = createApp(options, underWay)
      apps.push(app)
      const url = await listen(app, place)
      if (url !== undefined) urls.push(url)
    }
  } catch (cause) {
    await closeApps()
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw gatewayErrors.CANNOT_LISTEN({ detail, cause })
  }
  return {
    urls,
    async close({ graceMs = 0 } = {}) {
      await underWay.end(graceMs)
      await closeApps()
    },
  }
}

function createApp({ sendMs = 60_000, keys, ...options }: GatewayServerOptions, underWay: UnderWay) {
  // A request has an id that is unique without anything random in each.
  const prefix = createId('req')
  let requests = 0
  const app = fastify({
    logger: false,
    requestTimeout: sendMs,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    return503OnClosing: false,
    genReqId: () => `${prefix}-${(requests += 1)}`,
    routerOptions: { maxParamLength: 512 },
  })
  addEndpoints(app, {
    ...options,
    underWay,
    accessOf: ({ headers }) => keys.authenticate(keyOf(headers)),
  })
  return app
}

async function listen(app: FastifyInstance, place: ListenPlace): Promise<string | undefined> {
  if ('port' in place) return app.listen({ host: place.host, port: place.port })
  await app.listen({ path: place.socket })
  await chmod(place.socket, place.mode ?? 0o600)
  return undefined
}
