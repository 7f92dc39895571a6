import type { z } from 'zod'
import type {
  AnswerOf,
  BodyOf,
  EventStream,
  Operation,
  Operations,
  ParamsOf,
  QueryOf,
} from '../../contracts/api/index.ts'
import type { Caller } from '../../contracts/index.ts'

/** A request that was read, checked and is of a known caller. */
export interface HandlerRequest<O extends Operation> {
  readonly caller: O['access'] extends { readonly public: true } ? Caller | undefined : Caller
  readonly params: z.output<ParamsOf<O>>
  readonly query: z.output<QueryOf<O>>
  readonly body: z.output<BodyOf<O>>
  /** Aborted when the client has gone, when the answer takes too long, and when the server shuts down. */
  readonly signal: AbortSignal
  /** The last event that the client has of a stream. */
  readonly lastEventId: string | undefined
  readonly idempotencyKey: string | undefined
  /**
   * For an operation with `ifMatch`: compares what is about to be changed, as the operation named there would answer
   * it, with what the client has seen. Call it in the transaction of the change.
   * @throws ATL_API_CHANGED_MEANWHILE
   */
  readonly assertUnchanged: (current: unknown) => void
}

export interface StreamEvent<T> {
  /** What a client that lost its connection gives as `Last-Event-ID` to go on behind this event. */
  readonly id: string
  readonly data: T
}

type Deep<T> = T extends object ? { readonly [K in keyof T]: Deep<T[K]> } : T

/**
 * What a handler gives back: the answer as its schema takes it, the events of a stream, or nothing. A stream is promised
 * once it is clear that the caller may have it, so that a refusal is an answer of its own.
 */
type HandlerAnswer<O extends Operation> =
  AnswerOf<O> extends EventStream<infer S>
    ? Promise<AsyncIterable<StreamEvent<Deep<z.input<S>>>>>
    : AnswerOf<O> extends z.ZodType
      ? Promise<Deep<z.input<AnswerOf<O>>>>
      : Promise<void>

/** Declared as a method, so that the handler of one operation may stand in a table of any. */
interface Handling<O extends Operation> {
  handle(request: HandlerRequest<O>): HandlerAnswer<O>
}

/** Answers the requests of one operation. Failures are thrown. */
export type Handler<O extends Operation> = Handling<O>['handle']

/** One handler for every operation: a missing one is an error of types. */
export type Handlers = { readonly [Id in keyof Operations]: Handler<Operations[Id]> }

/** Any handler, as the server sees it. */
export interface AnyHandling {
  handle(request: HandlerRequest<Operation>): Promise<unknown>
}
