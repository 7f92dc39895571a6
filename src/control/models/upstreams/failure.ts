import { APICallError } from '@ai-sdk/provider'
import { redactText } from '../../../governance/door/index.ts'
import type { AtelierError } from '../../../kernel/index.ts'
import { modelErrors } from '../errors.ts'

/** Why an attempt at an upstream came to nothing, as far as it matters for what to do next. */
export type FailureClass =
  | 'rate-limited'
  | 'overloaded'
  | 'server-error'
  | 'timeout'
  | 'unreachable'
  | 'cut-off'
  | 'invalid-answer'
  | 'circuit-open'
  | 'queue-full'
  | 'context-too-long'
  | 'content-filter'
  | 'authentication'
  | 'refused'
  | 'too-large'

const errorOf = {
  'rate-limited': modelErrors.RATE_LIMITED,
  overloaded: modelErrors.OVERLOADED,
  'server-error': modelErrors.UPSTREAM_FAILED,
  timeout: modelErrors.TIMEOUT,
  unreachable: modelErrors.UNREACHABLE,
  'cut-off': modelErrors.CUT_OFF,
  'invalid-answer': modelErrors.ANSWER_INVALID,
  'circuit-open': modelErrors.CIRCUIT_OPEN,
  'queue-full': modelErrors.QUEUE_FULL,
  'context-too-long': modelErrors.CONTEXT_TOO_LONG,
  'content-filter': modelErrors.CONTENT_FILTERED,
  authentication: modelErrors.CREDENTIAL_REFUSED,
  refused: modelErrors.REQUEST_REFUSED,
  'too-large': modelErrors.ANSWER_TOO_LARGE,
} as const satisfies Record<FailureClass, unknown>

/** An attempt that failed. Its message is for people: bounded, and without secrets. */
export class UpstreamFailure extends Error {
  readonly failure: FailureClass
  /** Milliseconds after which the provider wants to be asked again. */
  readonly retryAfterMs: number | undefined

  constructor(
    failure: FailureClass,
    message: string,
    options: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(
      redactText(message).slice(0, 500),
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.failure = failure
    this.retryAfterMs = options.retryAfterMs
  }

  /** The code that stands for this class of failure. */
  get code(): string {
    return errorOf[this.failure].code
  }

  toError(upstream: string): AtelierError {
    return errorOf[this.failure]({
      detail: `${upstream}: ${this.message}`,
      cause: this,
      details: { upstream, ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }) },
    })
  }
}

type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What an HTTP answer that is no success says. */
export function failureOfStatus(
  status: number,
  headers: AnswerHeaders,
  body: string,
  now: number,
): UpstreamFailure {
  const said = messageIn(body)
  const options = { retryAfterMs: retryAfter(headers, now) }
  return new UpstreamFailure(classOf(status, body), `${status}${said === '' ? '' : ` ${said}`}`, options)
}

/** Codes and phrases by which providers say that a request is longer than the context of the model. */
const tooLong =
  /context_length_exceeded|prompt is too long|maximum context length|exceeds? the (?:available )?context|too many (?:input )?tokens|input is too long|exceed_context_size|input token count.{0,40}exceeds/i
const filtered = /content_filter|content_policy|content management policy|responsibleai|safety system/i
const overloaded = /overloaded|at capacity|resource_exhausted_temporarily/i

function classOf(status: number, body: string): FailureClass {
  const text = body.slice(0, 20_000)
  if (status === 401 || status === 403) return 'authentication'
  if (status === 408 || status === 504) return 'timeout'
  if (status === 429) return overloaded.test(text) ? 'overloaded' : 'rate-limited'
  if (status === 529 || status === 503) return 'overloaded'
  if (status >= 500) return overloaded.test(text) ? 'overloaded' : 'server-error'
  if (status === 413 || tooLong.test(text)) return 'context-too-long'
  if (filtered.test(text)) return 'content-filter'
  return 'refused'
}

/** The class of an error that a provider reports inside of an answer, by its type. */
export function failureOfReport(type: string, message: string): UpstreamFailure {
  const text = `${type} ${message}`
  const failure = /rate_?limit/i.test(text)
    ? 'rate-limited'
    : overloaded.test(text)
      ? 'overloaded'
      : tooLong.test(text)
        ? 'context-too-long'
        : filtered.test(text)
          ? 'content-filter'
          : /authentication|permission/i.test(type)
            ? 'authentication'
            : /invalid_request/i.test(type)
              ? 'refused'
              : 'server-error'
  return new UpstreamFailure(failure, `the provider reports ${type === '' ? 'an error' : type}: ${message}`)
}

/** Codes of errors that mean that no connection came about, so that nothing can have been used. */
const noConnection = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
])

/** Codes of a connection that came about and did not last. */
const brokenConnection =
  /^(?:UND_ERR_|ECONNRESET$|ECONNABORTED$|EPIPE$|ETIMEDOUT$|ERR_STREAM_PREMATURE_CLOSE$)/

/** What anything thrown on the way to an upstream and back means. */
export function failureOf(error: unknown, now: number): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error
  const codes = causesOf(error).map(codeOf)
  if (codes.includes('UND_ERR_RES_EXCEEDED_MAX_SIZE'))
    return new UpstreamFailure('too-large', 'the answer is larger than its limit', { cause: error })
  const unreachable = codes.find((code) => noConnection.has(code))
  if (unreachable !== undefined) return new UpstreamFailure('unreachable', unreachable, { cause: error })
  if (codes.some((code) => brokenConnection.test(code)))
    return new UpstreamFailure('cut-off', 'the connection broke', { cause: error })
  if (APICallError.isInstance(error)) {
    const { statusCode, responseHeaders = {}, responseBody = '' } = error
    if (statusCode === undefined) return new UpstreamFailure('cut-off', error.message, { cause: error })
    if (statusCode < 300) return new UpstreamFailure('invalid-answer', error.message, { cause: error })
    return failureOfStatus(statusCode, responseHeaders, responseBody, now)
  }
  const name = error instanceof Error ? error.name : ''
  const message = error instanceof Error ? error.message : String(error)
  if (/^AI_(?:JSONParse|TypeValidation|InvalidResponseData|EmptyResponseBody|NoContentGenerated)/.test(name))
    return new UpstreamFailure('invalid-answer', message, { cause: error })
  // A provider package whose stream begins with what it cannot read.
  if (/^Expected a normalized \w+ stream error$/.test(message))
    return new UpstreamFailure('invalid-answer', 'the stream begins with what cannot be read', {
      cause: error,
    })
  if (name.startsWith('AI_')) return new UpstreamFailure('refused', message, { cause: error })
  if (error instanceof TypeError && /^(?:fetch failed|terminated)$/.test(message))
    return new UpstreamFailure('cut-off', message, { cause: error })
  throw error
}

function causesOf(error: unknown): unknown[] {
  const causes = []
  for (let current = error, depth = 0; current instanceof Error && depth < 8; depth += 1) {
    causes.push(current)
    current = current.cause
  }
  return causes
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** What a body of JSON says for people, wherever the provider puts it. */
function messageIn(body: string): string {
  try {
    const value: unknown = JSON.parse(body)
    for (const place of [member(value, 'error'), member(member(value, '0'), 'error'), value]) {
      if (typeof place === 'string') return place
      const message = member(place, 'message') ?? member(place, 'detail')
      if (typeof message === 'string') return message
    }
  } catch {
    // A page of a proxy, or nothing.
  }
  return body
    .replaceAll(/<[^>]{0,200}>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

const longestWaitMs = 24 * 3600 * 1000

/** `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, section 10.2.3). */
function retryAfter(headers: AnswerHeaders, now: number): number | undefined {
  const first = (name: string): string | undefined => [headers[name]].flat()[0]
  const exact = Number(first('retry-after-ms') ?? NaN)
  if (exact >= 0) return Math.min(exact, longestWaitMs)
  const text = first('retry-after')
  if (text === undefined || text === '') return undefined
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestWaitMs)
}
