import { z } from 'zod'

/**
 * What a caller needs. `action` and `resource` are Cedar's: policies decide about them for every request, and the
 * credential's scopes have to name the action. `authenticated` is for what concerns callers themselves.
 */
export type Access =
  | { readonly action: string; readonly resource: string }
  | { readonly authenticated: true }
  | { readonly public: true }

/** An answer that never ends by itself: server-sent events, each with data of one shape. */
export interface EventStream<S extends z.ZodType = z.ZodType> {
  readonly events: S
}

/** The one status with which an operation succeeds, and the shape of what comes with it. */
type Answer =
  | { readonly 200: z.ZodType | EventStream }
  | { readonly 201: z.ZodType }
  | { readonly 202: z.ZodType }
  | { readonly 204: null }

/**
 * One operation of the API. Routes, the OpenAPI document, the typed client and the tests of authorisation and of bad
 * input are all made from this.
 */
export interface Operation {
  /** Its name in the client and in the OpenAPI document. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With parameters in braces: `/api/v1/runs/{runId}`. */
  readonly path: `/api/v1/${string}`
  readonly tag: string
  /** One line. */
  readonly summary: string
  readonly description?: string
  readonly access: Access
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly answer: Answer
  /**
   * The operation that shows what this one changes. Its `ETag` may be given as `If-Match`, so that nobody undoes what
   * they have not seen; with `required`, it has to be.
   */
  readonly ifMatch?: { readonly of: string; readonly required?: true }
  /** The answer holds a secret: it is never stored, so a repeated `Idempotency-Key` is refused and not answered again. */
  readonly secretAnswer?: true
  /** Bytes of the body at most, where the server's own limit is too low. */
  readonly bodyBytes?: number
  /** Milliseconds that an answer may take, where the server's own limit is too low. */
  readonly timeoutMs?: number
}

/** Declares an operation; its types are kept exactly. */
export function defineOperation<const O extends Operation>(operation: O): O {
  return operation
}

/** Query parameters of every list: `after` is the `next` of the page before. */
export const pageQuery = {
  after: z.string().min(1).max(500).optional(),
  limit: z.int().min(1).max(200).default(50),
}

/** One page of a list; `next` is null on the last one. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

export function eventStream<S extends z.ZodType>(events: S): EventStream<S> {
  return { events }
}

export type ParamsOf<O extends Operation> = O extends { readonly params: infer S extends z.ZodType }
  ? S
  : never
export type QueryOf<O extends Operation> = O extends { readonly query: infer S extends z.ZodType } ? S : never
export type BodyOf<O extends Operation> = O extends { readonly body: infer S extends z.ZodType } ? S : never
/** The schema of an answer, an {@link EventStream}, or null. */
export type AnswerOf<O extends Operation> = O['answer'] extends infer A ? A[keyof A] : never
