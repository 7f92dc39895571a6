import rateLimit from '@fastify/rate-limit'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { openApiDocument, type Operation } from '../../contracts/api/index.ts'
import { AtelierError, createId, type Logger, reportError, type TenantId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import { admitCallers } from './admission.ts'
import type { Authenticator } from './authenticator.ts'
import { httpErrors } from './errors.ts'
import type { AnyHandling } from './handler.ts'
import { defaultLimits, type ServerLimits } from './limits.ts'
import { problemOf, translateServerError } from './problem.ts'
import { addOperations } from './routes.ts'
import { StreamRights } from './stream-rights.ts'
import { UnderWay } from './under-way.ts'
import { WebApplication } from './web-application.ts'

export interface ApiServerOptions {
  readonly operations: Readonly<Record<string, Operation>>
  /** One for each operation. */
  readonly handlers: Readonly<Record<string, AnyHandling['handle']>>
  readonly authenticator: Authenticator
  /** Names the policies that are in force for a tenant; streams begin anew when they change. */
  readonly policiesOf?: (tenantId: TenantId) => string
  readonly database: Database
  readonly logger: Logger
  /** Of the product, for the OpenAPI document. */
  readonly version: string
  /** Port 0 is any free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Addresses and networks of proxies, whose `X-Forwarded-For` says where a request comes from; none when absent. */
  readonly proxies?: readonly string[]
  /** Fails as long as the studio cannot work. */
  readonly checkReady: () => Promise<void>
  /** What the bundler made of the web application. */
  readonly webDirectory?: string
  /** Adds what is no operation: signing in, documentation, the gateway. */
  readonly extensions?: readonly ((app: FastifyInstance, underWay: UnderWay) => void | Promise<void>)[]
  readonly limits?: Partial<ServerLimits>
}

export interface ApiServer {
  /** Without a slash at the end. */
  readonly url: string
  /** Takes no new requests, ends streams, waits `graceMs` for what is under way, and then ends that too. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

/**
 * Serves the API and the web application.
 * @throws ATL_API_CANNOT_LISTEN
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const underWay = new UnderWay()
  const app = await createApp(options, underWay)
  try {
    const url = await app.listen(options.listen)
    return {
      url,
      close: async ({ graceMs = 5000 } = {}) => {
        await underWay.end(graceMs)
        await app.close()
      },
    }
  } catch (cause) {
    await app.close()
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw httpErrors.CANNOT_LISTEN({ detail, cause })
  }
}

async function createApp(options: ApiServerOptions, underWay: UnderWay): Promise<FastifyInstance> {
  const limits = { ...defaultLimits, ...options.limits }
  const prefix = createId('req')
  let requests = 0
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    trustProxy: [...(options.proxies ?? [])],
    requestTimeout: limits.sendMs,
    http: { connectionsCheckingInterval: Math.min(limits.sendMs, 5000) },
    // What cannot be routed at all, such as an address with a broken escape.
    frameworkErrors: (error, request, reply) => {
      void sendProblem(reply, request, error, options.logger)
    },
    forceCloseConnections: true,
    return503OnClosing: false,
    genReqId: () => `${prefix}-${(requests += 1)}`,
    routerOptions: { maxParamLength: 512 },
  })
  app.removeContentTypeParser('text/plain')
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({ ...securityHeaders, 'x-request-id': request.id })
    done()
  })
  admitCallers(app, options.authenticator, underWay)
  logRequests(app, options.logger)
  app.setErrorHandler((error, request, reply) => sendProblem(reply, request, error, options.logger))
  await limitRequests(app, limits)
  // First, so that their hooks are called for operations too.
  for (const extend of options.extensions ?? []) await extend(app, underWay)
  const streamRights = new StreamRights({ ...options, everyMs: limits.rightsMs })
  addOperations(app, { ...options, limits, underWay, streamRights })
  addDescriptions(app, options)
  await addWeb(app, options)
  return app
}

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': `default-src 'none'; frame-ancestors 'none'`,
}

/** Where more is done than sending a file. */
const limitedAddresses = /^\/(?:api|auth|gateway)(?:\/|$|\?)/

async function limitRequests(app: FastifyInstance, limits: ServerLimits): Promise<void> {
  await app.register(rateLimit, {
    timeWindow: 60_000,
    cache: 10_000,
    // A page takes a dozen files, which a browser fetches without saying who asks.
    allowList: ({ url }: FastifyRequest) => !limitedAddresses.test(url),
    max: ({ caller }: FastifyRequest) =>
      caller === undefined ? limits.anonymousPerMinute : limits.requestsPerMinute,
    keyGenerator: ({ caller, ip }: FastifyRequest) =>
      caller === undefined ? ip : `${caller.principal.tenantId}/${caller.principal.id}`,
    errorResponseBuilder: (_request, { ttl }) =>
      httpErrors.TOO_MANY_REQUESTS({ details: { retryAfterMs: ttl } }),
  })
}

function logRequests(app: FastifyInstance, logger: Logger): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { method, caller, id } = request
    const fields = {
      requestId: id,
      method,
      // The route and not the address: a query may hold what somebody searches for.
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      tenant: caller?.principal.tenantId ?? null,
      principal: caller?.principal.id ?? null,
    }
    logger.log('debug', fields, 'request')
    done()
  })
}

function sendProblem(
  reply: FastifyReply,
  request: FastifyRequest,
  thrown: unknown,
  logger: Logger,
): FastifyReply {
  const error = translateServerError(thrown)
  const problem = problemOf(error, request.id)
  if (!(error instanceof AtelierError)) {
    const stack = error instanceof Error ? error.stack : reportError(error).message
    logger.log('error', { requestId: request.id, error: stack }, 'a request failed')
  }
  // Nobody wants what is still to come of the request.
  if (!request.raw.complete) reply.header('connection', 'close')
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="atelier"')
  if (problem.status === 503 && problem.retryable) reply.header('retry-after', '1')
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problem))
}

function addDescriptions(app: FastifyInstance, options: ApiServerOptions): void {
  let document: string | undefined
  app.get('/api/v1/openapi.json', (_request, reply) => {
    document ??= JSON.stringify(openApiDocument(Object.values(options.operations), options.version))
    return reply.header('content-type', 'application/json; charset=utf-8').send(document)
  })
  app.get('/healthz', (_request, reply) => reply.send({ status: 'alive' }))
  app.get('/readyz', async (_request, reply) => {
    try {
      await options.checkReady()
    } catch (cause) {
      throw httpErrors.NOT_READY({ cause })
    }
    return reply.send({ status: 'ready' })
  })
}

/** Addresses under these belong to programs: an unknown one is an error and not a page. */
const programAddresses = /^\/(?:api|auth|gateway|docs|assets|healthz|readyz)(?:\/|$|\?)/

async function addWeb(app: FastifyInstance, { webDirectory }: ApiServerOptions): Promise<void> {
  const web = webDirectory === undefined ? undefined : new WebApplication(webDirectory)
  await web?.addTo(app)
  app.setNotFoundHandler((request, reply) => {
    const wantsPage = request.method === 'GET' && !programAddresses.test(request.url)
    const page = wantsPage && web?.sendPage(reply)
    if (page) return page
    throw httpErrors.NO_ROUTE({ detail: `${request.method} ${request.url.slice(0, 200)}` })
  })
}
