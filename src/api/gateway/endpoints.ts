import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { anthropicMessages, openaiChat, openaiResponses } from '../../control/models/index.ts'
import type { ModelAccess, ModelGateway, Protocol } from '../../control/models/index.ts'
import type { Logger } from '../../kernel/index.ts'
import { onceClosed, type UnderWay } from '../http/index.ts'
import { sendAnswer, sendError, toAtelierError } from './answering.ts'
import { callKeyOf, protocolHeaders } from './caller.ts'
import { encodeEmbeddings, parseEmbeddingRequest } from './embeddings.ts'
import { gatewayErrors } from './errors.ts'
import { encodeModel, encodeModelList, wantsAnthropicList } from './model-list.ts'

/** What requests are passed on to. */
export type GatewayCore = Pick<ModelGateway, 'exchange' | 'embed' | 'models' | 'countTokens'>

/** What one client may ask, whoever it is. */
export interface EndpointLimits {
  /** Bytes of one request at most; 32 MiB when absent. */
  readonly bodyBytes?: number
  /** Requests that are answered at the same time at most; 1,024 when absent. */
  readonly atOnce?: number
  /** How long a client may leave a stream unread; 60 s when absent. */
  readonly unreadMs?: number
}

export interface EndpointOptions extends EndpointLimits {
  readonly core: GatewayCore
  readonly logger: Logger
  readonly underWay: UnderWay
  /** In whose name a request asks models. It is asked before the body is read, and what it throws is told to the client. */
  readonly accessOf: (request: FastifyRequest) => Promise<ModelAccess>
  /** For every route. */
  readonly config?: FastifyContextConfig
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** In which the errors of a route are told. */
    protocol?: Protocol
  }
  interface FastifyRequest {
    modelAccess: ModelAccess | undefined
  }
}

/** Adds the addresses at which models are asked, below `/v1`; see docs/gateway.md. */
export function addEndpoints(app: FastifyInstance, options: EndpointOptions): void {
  new Endpoints(options).addTo(app)
}

const defaultBodyBytes = 32 * 1024 * 1024

const conversations = [
  ['/v1/chat/completions', openaiChat],
  ['/v1/responses', openaiResponses],
  ['/v1/messages', anthropicMessages],
] as const

class Endpoints {
  readonly #options: EndpointOptions
  #answering = 0

  constructor(options: EndpointOptions) {
    this.#options = options
  }

  addTo(app: FastifyInstance): void {
    const { underWay, accessOf } = this.#options
    app.decorateRequest('modelAccess', undefined)
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
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers({ 'x-request-id': request.id, 'request-id': request.id })
      underWay.assertOpen()
      done()
    })
    // Before the body is read, so that nobody who may not ask can make the studio hold one.
    app.addHook('preParsing', async (request) => {
      if (!request.is404) request.modelAccess = await accessOf(request)
    })
    this.#addRoutes(app)
  }

  #addRoutes(app: FastifyInstance): void {
    const { core, config = {}, bodyBytes: bodyLimit = defaultBodyBytes } = this.#options
    for (const [url, protocol] of conversations) {
      const route = { bodyLimit, config: { ...config, protocol } }
      app.post(url, route, (request, reply) => this.#converse(protocol, request, reply))
    }
    const counting = { bodyLimit, config: { ...config, protocol: anthropicMessages } }
    app.post('/v1/messages/count_tokens', counting, async (request) => {
      const { request: parsed } = anthropicMessages.parse(request.body)
      return { input_tokens: await core.countTokens(parsed) }
    })
    app.post('/v1/embeddings', { bodyLimit, config }, (request, reply) => this.#embed(request, reply))
    app.get('/v1/models', { config }, async (request) =>
      encodeModelList(await core.models(accessOf(request)), request.headers),
    )
    // Names of models may have slashes.
    app.get<{ Params: { '*': string } }>('/v1/models/*', { config }, async (request) => {
      const models = await core.models(accessOf(request))
      const model = models.find(({ id }) => id === request.params['*'])
      if (model === undefined)
        throw gatewayErrors.MODEL_NOT_FOUND({ detail: request.params['*'].slice(0, 200) })
      return encodeModel(model, request.headers)
    })
  }

  async #converse(protocol: Protocol, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { core, logger, unreadMs = 60_000 } = this.#options
    await this.#whileConnected(reply, async (abort) => {
      const answer = await core.exchange(accessOf(request), {
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
      const answer = await this.#options.core.embed(accessOf(request), call)
      await reply.send(encodeEmbeddings(answer, format))
    })
  }

  /** Does some work for a client and tells it to stop when the client has gone. */
  async #whileConnected(reply: FastifyReply, work: (abort: AbortController) => Promise<void>): Promise<void> {
    const { atOnce = 1024, underWay } = this.#options
    if (this.#answering >= atOnce) throw gatewayErrors.BUSY({ details: { retryAfterMs: 1000 } })
    const abort = new AbortController()
    const stopWatching = onceClosed(reply, () => {
      if (!reply.raw.writableFinished) abort.abort()
    })
    this.#answering += 1
    try {
      await underWay.track(abort, undefined, () => work(abort))
    } finally {
      this.#answering -= 1
      stopWatching()
    }
  }

  #fail(request: FastifyRequest, reply: FastifyReply, error: unknown): Promise<void> {
    const failure = toAtelierError(translateFastifyError(error))
    const { code } = failure
    // Nobody wants what is still to come of the request.
    if (!request.raw.complete) reply.header('connection', 'close')
    // The route and the code, not the address and the message: these may hold what somebody wrote.
    const fields = {
      ...{ requestId: request.id, route: request.routeOptions.url ?? null },
      ...{ code, keyId: request.modelAccess?.keyId },
    }
    const defect = code === gatewayErrors.DEFECT.code && error instanceof Error ? error : undefined
    this.#options.logger.log(
      defect === undefined ? 'info' : 'error',
      defect === undefined ? fields : { ...fields, error: defect.stack },
      defect === undefined ? 'a call of a model was refused' : 'a call of a model failed',
    )
    return sendError(reply, protocolOf(request), failure)
  }
}

function protocolOf(request: FastifyRequest): Protocol {
  return (
    request.routeOptions.config.protocol ??
    (wantsAnthropicList(request.headers) ? anthropicMessages : openaiChat)
  )
}

function accessOf({ modelAccess }: FastifyRequest): ModelAccess {
  if (modelAccess === undefined) throw new Error('the request was not admitted')
  return modelAccess
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
