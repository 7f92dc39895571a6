import type { z } from 'zod'
import type {
  AnswerOf,
  BodyOf,
  EventStream,
  Operation,
  Operations,
  ParamsOf,
  Problem,
  QueryOf,
} from '../../contracts/api/index.ts'
import { readEvents } from './event-reader.ts'
import { failureOf, RequestFailure, unexpectedAnswer, unreachable } from './failure.ts'
import { type RouteEntry, routes } from './routes.ts'

export interface ClientOptions {
  /** Address of the studio, such as `http://127.0.0.1:4680`; empty for the page's own origin. */
  readonly baseUrl: string
  readonly fetch?: typeof globalThis.fetch
  /** Sent with every request, such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
}

/** What every request may say beside its particulars. */
interface RequestSettings {
  readonly signal?: AbortSignal
  /** For operations that create or do something: the same key again does nothing more. */
  readonly idempotencyKey?: string
  /** `ETag` of what is being changed, as it was read. */
  readonly ifMatch?: string
  /** For streams: go on behind this event. */
  readonly lastEventId?: string
  /** Told of the answer's status and headers, for example of its `etag`. */
  readonly onResponse?: (response: Pick<Response, 'status' | 'headers'>) => void
}

/** What every object without required members is assignable from. */
type NoMembers = Readonly<Record<string, never>>

type Member<K extends string, S> = [S] extends [never]
  ? unknown
  : S extends z.ZodType
    ? NoMembers extends z.input<S>
      ? { readonly [P in K]?: z.input<S> }
      : { readonly [P in K]: z.input<S> }
    : unknown

type RequestOf<O extends Operation> = RequestSettings &
  Member<'params', ParamsOf<O>> &
  Member<'query', QueryOf<O>> &
  Member<'body', BodyOf<O>>

type AnswerTo<O extends Operation> =
  AnswerOf<O> extends EventStream<infer S>
    ? AsyncGenerator<z.output<S>, void, undefined>
    : AnswerOf<O> extends z.ZodType
      ? Promise<z.output<AnswerOf<O>>>
      : Promise<void>

type Method<O extends Operation> =
  NoMembers extends RequestOf<O>
    ? (request?: RequestOf<O>) => AnswerTo<O>
    : (request: RequestOf<O>) => AnswerTo<O>

/** One method for each operation; a stream is an asynchronous iteration, and is resumed when the connection breaks. */
export type Client = { readonly [Id in keyof Operations]: Method<Operations[Id]> }

/** What {@link Client} methods give each other, without its particular types. */
interface AnyRequest extends RequestSettings {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** A client of one studio. Its methods throw a {@link RequestFailure}. */
export function createClient(options: ClientOptions): Client {
  const methods = Object.entries(routes).map(([id, route]: [string, RouteEntry]) => [
    id,
    (request: AnyRequest = {}) =>
      route[2] === 'stream' ? follow(options, route, request) : ask(options, route, request),
  ])
  return Object.fromEntries(methods) as Client
}

async function ask(options: ClientOptions, route: RouteEntry, request: AnyRequest): Promise<unknown> {
  const response = await send(options, route, request, 'application/json')
  const text = await response.text()
  if (text === '') return undefined
  // A page, for example: something else stands at this address.
  if (response.headers.get('content-type')?.startsWith('application/json') !== true)
    throw unexpectedAnswer(response)
  return JSON.parse(text)
}

const longestPauseMs = 10_000

/** Events, through broken connections once there was one, until the studio says that there are no more. */
async function* follow(
  options: ClientOptions,
  route: RouteEntry,
  request: AnyRequest,
): AsyncGenerator<unknown, void, undefined> {
  let { lastEventId } = request
  let pauseMs = 250
  let connected = false
  for (;;) {
    try {
      const position = lastEventId === undefined ? {} : { lastEventId }
      const response = await send(options, route, { ...request, ...position }, 'text/event-stream')
      connected = true
      for await (const { id, event, data } of readEvents(response.body ?? new ReadableStream())) {
        if (event === 'end') return
        if (event === 'problem') throw new RequestFailure(JSON.parse(data) as Problem)
        lastEventId = id ?? lastEventId
        pauseMs = 250
        yield JSON.parse(data)
      }
    } catch (error) {
      if (request.signal?.aborted === true) return
      // What breaks while it is being read is no answer of the studio.
      if (error instanceof RequestFailure && !(connected && error.problem.retryable)) throw error
    }
    if (!(await pause(pauseMs, request.signal))) return
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}

async function send(
  { baseUrl, fetch = globalThis.fetch, headers = {} }: ClientOptions,
  [method, path]: RouteEntry,
  request: AnyRequest,
  accept: string,
): Promise<Response> {
  const { signal, body, idempotencyKey, ifMatch, lastEventId } = request
  const url = `${baseUrl.replace(/\/$/, '')}${fillIn(path, request)}`
  const init: RequestInit = {
    method,
    credentials: 'same-origin',
    headers: {
      accept,
      ...(typeof headers === 'function' ? headers() : headers),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }
  const response = await fetch(url, init).catch((cause: unknown) => {
    throw signal?.aborted === true ? cause : unreachable(baseUrl, cause)
  })
  if (!response.ok) throw await failureOf(response)
  request.onResponse?.(response)
  return response
}

function fillIn(path: string, { params = {}, query = {} }: AnyRequest): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(textOf(params[name])))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value])
      if (one !== undefined) search.append(name, textOf(one))
  return search.size === 0 ? filled : `${filled}?${search.toString()}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** False when the signal is aborted meanwhile. */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted === true) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const leave = (): void => resolve(false)
  const timer = setTimeout(() => resolve(true), milliseconds)
  signal?.addEventListener('abort', leave, { once: true })
  const isWanted = await promise
  clearTimeout(timer)
  signal?.removeEventListener('abort', leave)
  return isWanted
}
