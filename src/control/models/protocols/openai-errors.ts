import type { AtelierError } from '../../../kernel/index.ts'
import { errorHeaders, errorParticulars, errorText, kindOfError, statusOfKind } from './error-class.ts'
import type { ErrorKind } from './error-class.ts'
import type { EncodedError } from './protocol.ts'

/** `type` and `code` of OpenAI's errors. */
const names: Readonly<Record<ErrorKind, readonly [type: string, code: string]>> = {
  invalid: ['invalid_request_error', 'invalid_request'],
  'context-too-long': ['invalid_request_error', 'context_length_exceeded'],
  'not-authenticated': ['invalid_request_error', 'invalid_api_key'],
  'budget-exhausted': ['insufficient_quota', 'insufficient_quota'],
  forbidden: ['permission_error', 'permission_denied'],
  'not-found': ['invalid_request_error', 'model_not_found'],
  conflict: ['invalid_request_error', 'conflict'],
  'too-large': ['invalid_request_error', 'request_too_large'],
  'rate-limited': ['rate_limit_error', 'rate_limit_exceeded'],
  cancelled: ['server_error', 'cancelled'],
  internal: ['server_error', 'internal_error'],
  upstream: ['server_error', 'upstream_error'],
  unavailable: ['server_error', 'unavailable'],
  timeout: ['server_error', 'timeout'],
}

export function openaiError(error: AtelierError) {
  const [type, code] = names[kindOfError(error)]
  const param = error.details['param']
  return {
    message: errorText(error),
    type,
    param: typeof param === 'string' ? param : null,
    code,
    atelier: errorParticulars(error),
  }
}

export function encodeOpenaiError(error: AtelierError): EncodedError {
  return {
    status: statusOfKind(kindOfError(error)),
    headers: errorHeaders(error),
    body: { error: openaiError(error) },
  }
}
