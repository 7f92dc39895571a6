import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { EventStream, Operation } from '../../contracts/api/index.ts'
import type { Logger } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import { entityTag, namesTag } from './entity-tag.ts'
import { httpErrors } from './errors.ts'
import { onceClosed } from './closed-connection.ts'
import { sendEvents } from './event-stream.ts'
import type { AnyHandling, HandlerRequest, StreamEvent } from './handler.ts'
import { type GivenAnswer, oncePerKey } from './idempotency.ts'
import type { ServerLimits } from './limits.ts'
import { readerOf, type Reader, textReaderOf } from './reading.ts'
import type { StreamRights } from './stream-rights.ts'
import type { UnderWay } from './under-way.ts'

export interface Serving {
  readonly operations: Readonly<Record<string, Operation>>
  readonly handlers: Readonly<Record<string, AnyHandling['handle']>>
  readonly database: Database
  readonly logger: Logger
  readonly limits: ServerLimits
  readonly underWay: UnderWay
  readonly streamRights: StreamRights
}

/** Makes a route of every operation. */
export function addOperations(app: FastifyInstance, serving: Serving): void {
  for (const operation of Object.values(serving.operations)) {
    const handle = serving.handlers[operation.id]
    if (handle === undefined) throw new Error(`operation ${operation.id} has no handler`)
    const route = new Route(serving, operation, handle)
    app.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      exposeHeadRoute: operation.method === 'GET' && !route.streams,
      bodyLimit: operation.bodyBytes ?? serving.limits.bodyBytes,
      config: { access: operation.access },
      handler: (request, reply) => route.answer(request, reply),
    })
  }
}

const anything: Reader = () => undefined

class Route {
  readonly #serving: Serving
  readonly #operation: Operation
  readonly #handle: AnyHandling['handle']
  readonly #readParams: Reader
  readonly #readQuery: Reader
  readonly #readBody: Reader
  readonly #status: number
  readonly #answer: z.ZodType | EventStream | null
  /** What goes out of an event, which many streams may send. */
  readonly #encoded = new WeakMap<object, string>()

  constructor(serving: Serving, operation: Operation, handle: AnyHandling['handle']) {
    this.#serving = serving
    this.#operation = operation
    this.#handle = handle
    const { params, query, body } = operation
    this.#readParams = params === undefined ? anything : textReaderOf(params)
    this.#readQuery = query === undefined ? anything : textReaderOf(query)
    this.#readBody = body === undefined ? anything : readerOf(body)
    const [[status, answer] = ['204', null]] = Object.entries<z.ZodType | EventStream | null>(
      operation.answer,
    )
    this.#status = Number(status)
    this.#answer = answer
  }

  get streams(): boolean {
    return this.#answer !== null && 'events' in this.#answer
  }

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { underWay, limits, streamRights } = this.#serving
    const abort = new AbortController()
    const closed = new Promise<void>((resolve) => {
      onceClosed(reply, () => {
        if (!reply.raw.writableFinished) abort.abort()
        resolve()
      })
    })
    if (!this.streams) {
      const timeoutMs = this.#operation.timeoutMs ?? limits.answerMs
      return underWay.track(abort, undefined, async () => {
        const answer = await within(timeoutMs, abort, () => this.#answerOnce(request, abort.signal))
        return this.#send(request, reply, answer)
      })
    }
    const { principal } = request.caller ?? {}
    const whose = `${principal?.tenantId ?? ''}/${principal?.id ?? request.ip}`
    if (underWay.streamsOf(whose) >= limits.streams) throw httpErrors.TOO_MANY_STREAMS()
    void underWay.track(abort, whose, () => closed)
    if (request.caller !== undefined) void closed.then(streamRights.hold(request.caller, abort))
    return this.#answerWithEvents(request, reply, abort.signal)
  }

  async #answerOnce(request: FastifyRequest, signal: AbortSignal): Promise<GivenAnswer> {
    const asked = this.#read(request, signal)
    const { id: operation, method, secretAnswer = false } = this.#operation
    const { caller } = request
    const { idempotencyKey: key, params, query, body } = asked
    const work = async () => ({ status: this.#status, body: this.#encode(await this.#handle(asked)) })
    if (key === undefined || caller === undefined || method !== 'POST') return work()
    const keyed = { caller, key, operation, asked: { params, query, body }, secretAnswer }
    return oncePerKey(this.#serving.database, keyed, work)
  }

  #send(
    request: FastifyRequest,
    reply: FastifyReply,
    { status, body, replayed = false }: GivenAnswer,
  ): FastifyReply {
    if (replayed) reply.header('idempotency-replayed', 'true')
    reply.header('cache-control', this.#operation.secretAnswer === true ? 'no-store' : 'private, no-cache')
    if (body === null) return reply.code(status).send()
    if (this.#operation.method === 'GET') {
      const tag = entityTag(body)
      const seen = request.headers['if-none-match']
      reply.header('etag', tag)
      if (seen !== undefined && namesTag(seen, tag)) return reply.code(304).send()
    }
    return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(body)
  }

  async #answerWithEvents(
    request: FastifyRequest,
    reply: FastifyReply,
    signal: AbortSignal,
  ): Promise<FastifyReply> {
    const { limits, logger } = this.#serving
    const events = await this.#handle(this.#read(request, signal))
    const schema = this.#answer
    if (!isIterable(events) || schema === null || !('events' in schema))
      throw new Error(`operation ${this.#operation.id} did not answer with events`)
    return sendEvents(reply, events, {
      signal,
      heartbeatMs: limits.heartbeatMs,
      unreadMs: limits.unreadMs,
      encode: (data) => this.#encodeEvent(schema, data),
      requestId: request.id,
      onFailure: (error) =>
        logger.log('warn', { requestId: request.id, error: String(error) }, 'an event stream failed'),
    })
  }

  #encodeEvent({ events }: EventStream, data: unknown): string {
    const shared = typeof data === 'object' && data !== null ? data : {}
    const text = this.#encoded.get(shared) ?? JSON.stringify(events.parse(data))
    this.#encoded.set(shared, text)
    return text
  }

  #read(request: FastifyRequest, signal: AbortSignal): HandlerRequest<Operation> {
    const { headers, caller } = request
    const ifMatch = headers['if-match']
    if (this.#operation.ifMatch?.required === true && ifMatch === undefined) throw httpErrors.MATCH_REQUIRED()
    const asked = {
      params: this.#readParams(request.params),
      query: this.#readQuery(request.query),
      body: this.#readBody(request.body),
      signal,
      lastEventId: readHeader(headers['last-event-id'], 'Last-Event-ID'),
      idempotencyKey: readHeader(headers['idempotency-key'], 'Idempotency-Key'),
      assertUnchanged: (current: unknown) => this.#assertUnchanged(ifMatch, current),
      caller,
    }
    return asked as HandlerRequest<Operation>
  }

  #assertUnchanged(ifMatch: string | undefined, current: unknown): void {
    const shown = this.#serving.operations[this.#operation.ifMatch?.of ?? '']
    if (shown === undefined || !(200 in shown.answer) || 'events' in shown.answer[200])
      throw new Error(`operation ${this.#operation.id} does not say what it changes`)
    if (ifMatch === undefined) return
    const tag = entityTag(JSON.stringify(shown.answer[200].parse(current)))
    if (!namesTag(ifMatch, tag)) throw httpErrors.CHANGED_MEANWHILE()
  }

  /** Only what the contract names goes out; an answer that does not fit is a defect. */
  #encode(answer: unknown): string | null {
    if (this.#answer === null || 'events' in this.#answer) return null
    return JSON.stringify(this.#answer.parse(answer))
  }
}

function isIterable(value: unknown): value is AsyncIterable<StreamEvent<unknown>> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

const longestHeader = 200

function readHeader(value: string | string[] | undefined, name: string): string | undefined {
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string' && value.length <= longestHeader) return value
  throw httpErrors.REQUEST_INVALID({ detail: `${name} has more than ${longestHeader} characters` })
}

/** @throws ATL_API_TIMED_OUT when the work takes too long; it is told to stop. */
async function within<T>(milliseconds: number, abort: AbortController, work: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = httpErrors.TIMED_OUT()
    reject(error)
    abort.abort(error)
  }, milliseconds)
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
