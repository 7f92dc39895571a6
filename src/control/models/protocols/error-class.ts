import type { AtelierError } from '../../../kernel/index.ts'

/** Kinds of failure that protocols tell apart, and the status of HTTP for each. */
const statuses = {
  invalid: 400,
  'context-too-long': 400,
  'not-authenticated': 401,
  'budget-exhausted': 402,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'rate-limited': 429,
  cancelled: 499,
  internal: 500,
  upstream: 502,
  unavailable: 503,
  timeout: 504,
} as const

export type ErrorKind = keyof typeof statuses

/** Which code is of which kind; the first that matches counts. */
const kinds: readonly (readonly [pattern: RegExp, kind: ErrorKind])[] = [
  [/^ATL_(MODEL|PROTOCOL)_.*CONTEXT/, 'context-too-long'],
  [/^ATL_KEY_MODEL/, 'forbidden'],
  [/^ATL_KEY_/, 'not-authenticated'],
  [/^ATL_BUDGET_/, 'budget-exhausted'],
  [/^ATL_(GATEWAY|MODEL)_.*TOO_LARGE/, 'too-large'],
  [/^ATL_(GATEWAY_NOT_FOUND|MODEL_(UNKNOWN|RETIRED|NOT_FOUND))/, 'not-found'],
  [/^ATL_MODEL_(NOT_ALLOWED|FORBIDDEN|RESIDENCY)/, 'forbidden'],
  [/^ATL_(MODEL|GATEWAY)_.*(RATE_LIMIT|TOO_MANY|QUEUE_FULL|BUSY)/, 'rate-limited'],
  [/^ATL_(MODEL|DOOR|GATEWAY)_.*(CANCELLED|ABORTED)/, 'cancelled'],
  [/^ATL_(MODEL|DOOR|GATEWAY)_.*(DEADLINE|TIMEOUT|TIMED_OUT)/, 'timeout'],
  [/^ATL_(MODEL|DOOR)_.*(CIRCUIT|UNAVAILABLE|OVERLOADED|EXHAUSTED)/, 'unavailable'],
  [/^ATL_DOOR_(DENIED|APPROVAL_MISSING)/, 'forbidden'],
  [/^ATL_(DOOR_KEY_REUSED|STORE_CONFLICT|DOOR_TAKEN_OVER)/, 'conflict'],
  [/^ATL_(PROTOCOL|GATEWAY|DOOR_INPUT)_/, 'invalid'],
  [/^ATL_MODEL_.*(INVALID|UNSUPPORTED|REFUSED)/, 'invalid'],
  [/^ATL_MODEL_/, 'upstream'],
  [/^ATL_(POLICY|IDENTITY|MANDATE)_/, 'forbidden'],
  [/^ATL_STORE_/, 'unavailable'],
]

export function kindOfError(error: AtelierError): ErrorKind {
  const known = kinds.find(([pattern]) => pattern.test(error.code))
  return known?.[1] ?? (error.retryable ? 'unavailable' : 'internal')
}

export function statusOfKind(kind: ErrorKind): number {
  return statuses[kind]
}

/**
 * What every error tells in its headers: our code, whether to try again (which the official clients heed), and when.
 * `details.retryAfterMs` of the error says when, in milliseconds.
 */
export function errorHeaders(error: AtelierError): Record<string, string> {
  const wait = error.details['retryAfterMs']
  const after =
    typeof wait === 'number' && Number.isFinite(wait) && wait >= 0
      ? { 'retry-after': String(Math.ceil(wait / 1000)), 'retry-after-ms': String(Math.ceil(wait)) }
      : {}
  return { 'x-atelier-code': error.code, 'x-should-retry': String(error.retryable), ...after }
}

/** What an error says in its message, for people and models: what went wrong and what to do. */
export function errorText(error: AtelierError): string {
  return `${error.message}. ${error.remedy} (${error.code})`
}

/** What stands beside the members that the protocol prescribes. */
export function errorParticulars(error: AtelierError): {
  readonly code: string
  readonly remedy: string
  readonly retryable: boolean
} {
  return { code: error.code, remedy: error.remedy, retryable: error.retryable }
}
