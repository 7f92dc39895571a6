import { chmod } from 'node:fs/promises'
import fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { anthropicMessages, openaiChat, openaiResponses } from '../../control/models/index.ts'
import type { ModelGateway, Protocol } from '../../control/models/index.ts'
import type { TaskKeyAuthenticator, TaskKeyGrant } from '../../governance/identity/index.ts'
import { createId } from '../../kernel/index.ts'
import type { Logger } from '../../kernel/index.ts'
import { sendAnswer, sendError, toAtelierError } from './answering.ts'
import { callKeyOf, keyOf, protocolHeaders } from './caller.ts'
import { encodeEmbeddings, parseEmbeddingRequest } from './embeddings.ts'
import { gatewayErrors } from './errors.ts'
import { encodeModel, encodeModelList, wantsAnthropicList } from './model-list.ts'

/** Where to listen: a port of an address (0 for any free port), or a Unix socket with its permissions. */
type ListenPlace =
  | { readonly host: string; readonly port: number }
  | { readonly socket: string; readonly mode?: number }

/** What the server passes requests on to. */
export type GatewayCore = Pick<ModelGateway, 'exchange' | 'embed' | 'models' | 'countTokens'>

export interface GatewayServerOptions {
  readonly core: GatewayCore
  readonly keys: TaskKeyAuthenticator
  readonly logger: Logger
  readonly listen: readonly ListenPlace[]
  /** Bytes of one request at most; 32 MiB when absent. */
  readonly bodyBytes?: number
  /** Requests that are answered at the same time at most; 1,024 when absent. */
  readonly underWay?: number
  /** How long a client may take to send a request; 60 s when absent. */
  readonly sendMs?: number
  /** How long a client may leave a stream unread; 60 s when absent. */
  readonly unreadMs?: number
}

export interface GatewayServer {
  /** Base addresses of the ports, without `/v1`, in the order of `listen`. */
  readonly urls: readonly string[]
  /** Takes no new requests, waits `graceMs` for those under way, and then ends them. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

/** A request that is being answered. */
interface UnderWay {
  readonly abort: AbortController
  readonly done: Promise<void>
}

/**
 * Serves the endpoints of the model gateway; see docs/gateway.md.
 * @throws ATL_GATEWAY_CANNOT_LISTEN
 */
export async function startGatewayServer(options: GatewayServerOptions): Promise<GatewayServer> {
  const gateway = new GatewayEndpoints(options)
  const apps: FastifyInstance[] = []
  const urls: string[] = []
  const closeApps = async (): Promise<void> => {
    await Promise.all(apps.map((app) => app.close()))
  }
  try {
    for (const place of options.listen) {
      const app = gateway.createApp()
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
      await gateway.end(graceMs)
      await closeApps()
    },
  }
}

async function listen(app: FastifyInstance, place: ListenPlace): Promise<string | undefined> {
  if ('port' in place) return app.listen({ host: place.host, port: place.port })
  await app.listen({ path: place.socket })
  await chmod(place.socket, place.mode ?? 0o600)
  return undefined
}

/** Names the protocol in which the errors of a route are told. */
declare module 'fastify' {
  interface FastifyContextConfig {
    protocol?: Protocol
  }
  interface FastifyRequest {
    grant: TaskKeyGrant | undefined
  }
}

const defaultBodyBytes = 32 * 1024 * 1024

class GatewayEndpoints {
  readonly #options: GatewayServerOptions
  readonly #underWay = new Set<UnderWay>()
  #closing = false

  constructor(options: GatewayServerOptions) {
    this.#options = options
  }

  createApp(): FastifyInstance {
    const { bodyBytes = defaultBodyBytes, sendMs = 60_000, keys } = this.#options
    // A request has an id that is unique without anything random in each.
    const prefix = createId('req')
    let requests = 0
    const app = fastify({
      logger: false,
      bodyLimit: bodyBytes,
      requestTimeout: sendMs,
      keepAliveTimeout: 75_000,
      forceCloseConnections: true,
      return503OnClosing: false,
      genReqId: () => `${prefix}-${(requests += 1)}`,
      routerOptions: { maxParamLength: 512 },
    })
    app.decorateRequest('grant', undefined)
    app.removeAllContentTypeParsers()
    // Some clients leave the type out.
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
      parseJsonBody(body as Buffer, done)
    })
    app.setErrorHandler((error, request, reply) => this.#fail(request, reply, error))
    app.setNotFoundHandler((request, reply) =>
      sendError(
        reply,
        protocolOf(request),
        gatewayErrors.NOT_FOUND({ detail: `${request.method} ${request.url.slice(0, 200)}` }),
      ),
    )
    // Before the body is read, so that nobody without a key can make the studio hold one.
    app.addHook('onRequest', async (request, reply) => {
      reply.headers({ 'x-request-id': request.id, 'request-id': request.id })
      if (this.#closing) throw gatewayErrors.CLOSING()
      request.grant = await keys.authenticate(keyOf(request.headers))
    })
    this.#addRoutes(app)
    return app
  }

  /** Waits for what is under way, and ends it when it takes too long. */
  async end(graceMs: number): Promise<void> {
    this.#closing = true
    const all = Promise.allSettled([...this.#underWay].map(({ done }) => done))
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([all, patience])
    clearTimeout(timer)
    for (const { abort } of this.#underWay) abort.abort(gatewayErrors.CLOSING())
    await all
  }

  #addRoutes(app: FastifyInstance): void {
    const { core } = this.#options
    for (const [url, protocol] of conversations) {
      app.post(url, { config: { protocol } }, (request, reply) => this.#converse(protocol, request, reply))
    }
    app.post('/v1/messages/count_tokens', { config: { protocol: anthropicMessages } }, async (request) => {
      const { request: parsed } = anthropicMessages.parse(request.body)
      return { input_tokens: await core.countTokens(parsed) }
    })
    app.post('/v1/embeddings', (request, reply) => this.#embed(request, reply))
    app.get('/v1/models', async (request) =>
      encodeModelList(await core.models(grantOf(request)), request.headers),
    )
    // Names of models may have slashes.
    app.get<{ Params: { '*': string } }>('/v1/models/*', async (request) => {
      const models = await core.models(grantOf(request))
      const model = models.find(({ id }) => id === request.params['*'])
      if (model === undefined)
        throw gatewayErrors.MODEL_NOT_FOUND({ detail: request.params['*'].slice(0, 200) })
      return encodeModel(model, request.headers)
    })
  }

  async #converse(protocol: Protocol, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { core, logger, unreadMs = 60_000 } = this.#options
    await this.#whileConnected(reply, async (abort) => {
      const answer = await core.exchange(grantOf(request), {
        protocol: protocol.name,
        body: request.body,
        ...callKeyOf(request.headers),
        signal: abort.signal,
        headers: protocolHeaders(request.headers),
      })
      await sendAnswer(reply, answer, { protocol, logger, abort, unreadMs })
    })
  }

  async #embed(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.#whileConnected(reply, async ({ signal }) => {
      const { format, ...asked } = parseEmbeddingRequest(request.body)
      const call = { ...asked, ...callKeyOf(request.headers), signal }
      const answer = await this.#options.core.embed(grantOf(request), call)
      await reply.send(encodeEmbeddings(answer, format))
    })
  }

  /** Does some work for a client and tells it to stop when the client has gone. */
  async #whileConnected(reply: FastifyReply, work: (abort: AbortController) => Promise<void>): Promise<void> {
    const { underWay = 1024 } = this.#options
    if (this.#underWay.size >= underWay) throw gatewayErrors.BUSY({ details: { retryAfterMs: 1000 } })
    const abort = new AbortController()
    const gone = (): void => {
      if (!reply.raw.writableFinished) abort.abort()
    }
    reply.raw.once('close', gone)
    const done = work(abort)
    const entry = { abort, done }
    this.#underWay.add(entry)
    try {
      await done
    } finally {
      this.#underWay.delete(entry)
      reply.raw.off('close', gone)
    }
  }

  #fail(request: FastifyRequest, reply: FastifyReply, error: unknown): Promise<void> {
    const failure = toAtelierError(translateFastifyError(error))
    const { code, message } = failure
    // Nobody wants what is still to come of the request.
    if (!request.raw.complete) reply.header('connection', 'close')
    const defect = code === gatewayErrors.DEFECT.code
    const fields = {
      code,
      path: request.url.slice(0, 200),
      keyId: request.grant?.keyId,
      requestId: request.id,
    }
    this.#options.logger.log(
      defect ? 'error' : 'info',
      defect && error instanceof Error ? { ...fields, error: error.stack } : fields,
      message,
    )
    return sendError(reply, protocolOf(request), failure)
  }
}

const conversations = [
  ['/v1/chat/completions', openaiChat],
  ['/v1/responses', openaiResponses],
  ['/v1/messages', anthropicMessages],
] as const

function protocolOf(request: FastifyRequest): Protocol {
  return (
    request.routeOptions.config.protocol ??
    (wantsAnthropicList(request.headers) ? anthropicMessages : openaiChat)
  )
}

function grantOf({ grant }: FastifyRequest): TaskKeyGrant {
  if (grant === undefined) throw new Error('the request was not authenticated')
  return grant
}

function parseJsonBody(body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  try {
    done(null, JSON.parse(body.toString('utf8')))
  } catch (cause) {
    done(gatewayErrors.BODY_INVALID({ detail: 'it is no JSON', cause }))
  }
}

/** Errors of the server's own, by their codes. */
function translateFastifyError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return gatewayErrors.TOO_LARGE()
  if (typeof code === 'string' && code.startsWith('FST_ERR_CTP'))
    return gatewayErrors.BODY_INVALID({ cause: error })
  return error
}
