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

/** Kinds of single codes. */
const kindOfCode: Readonly<Record<string, ErrorKind>> = {
  ATL_GATEWAY_NOT_FOUND: 'not-found',
  ATL_GATEWAY_MODEL_NOT_FOUND: 'not-found',
  ATL_GATEWAY_TOO_LARGE: 'too-large',
  ATL_GATEWAY_BUSY: 'unavailable',
  ATL_GATEWAY_DEFECT: 'internal',
  ATL_MODEL_UNKNOWN: 'not-found',
  ATL_MODEL_RETIRED: 'not-found',
  ATL_MODEL_NOT_ALLOWED: 'forbidden',
  ATL_MODEL_PLACE_NOT_ALLOWED: 'forbidden',
  ATL_MODEL_UNSUPPORTED: 'invalid',
  ATL_MODEL_CONTEXT_TOO_LONG: 'context-too-long',
  ATL_MODEL_REQUEST_TOO_LARGE: 'too-large',
  ATL_MODEL_REQUEST_REFUSED: 'invalid',
  ATL_MODEL_CONTENT_FILTERED: 'invalid',
  ATL_MODEL_RATE_LIMITED: 'rate-limited',
  ATL_MODEL_QUEUE_FULL: 'rate-limited',
  ATL_MODEL_OVERLOADED: 'unavailable',
  ATL_MODEL_CIRCUIT_OPEN: 'unavailable',
  ATL_MODEL_TIMEOUT: 'timeout',
  ATL_DOOR_DENIED: 'forbidden',
  ATL_DOOR_APPROVAL_MISSING: 'forbidden',
  ATL_DOOR_INPUT_INVALID: 'invalid',
  ATL_DOOR_DEADLINE: 'timeout',
  ATL_DOOR_CANCELLED: 'cancelled',
  ATL_DOOR_CIRCUIT_OPEN: 'unavailable',
  ATL_DOOR_KEY_REUSED: 'conflict',
  ATL_DOOR_TAKEN_OVER: 'conflict',
  ATL_STORE_CONFLICT: 'conflict',
  ATL_API_NOT_AUTHENTICATED: 'not-authenticated',
  ATL_API_SCOPE_MISSING: 'forbidden',
  ATL_API_TOO_MANY_REQUESTS: 'rate-limited',
  ATL_STUDIO_PROJECT_UNKNOWN: 'invalid',
  ATL_TENANT_QUOTA_EXCEEDED: 'budget-exhausted',
}

/** Kinds of what else an area has. */
const kindOfArea: Readonly<Record<string, ErrorKind>> = {
  KEY: 'not-authenticated',
  TOKEN: 'not-authenticated',
  PROTOCOL: 'invalid',
  GATEWAY: 'invalid',
  MODEL: 'upstream',
  BUDGET: 'budget-exhausted',
  POLICY: 'forbidden',
  IDENTITY: 'forbidden',
  MANDATE: 'forbidden',
  STUDIO: 'forbidden',
  TENANT: 'forbidden',
  STORE: 'unavailable',
}

export function kindOfError({ code, retryable }: AtelierError): ErrorKind {
  const kind = kindOfCode[code] ?? kindOfArea[code.split('_')[1] ?? '']
  return kind ?? (retryable ? 'unavailable' : 'internal')
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
