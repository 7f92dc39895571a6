import type { AtelierError } from '../../../../kernel/index.ts'
import { errorHeaders, errorParticulars, errorText, kindOfError, statusOfKind } from '../error-class.ts'
import type { ErrorKind } from '../error-class.ts'
import type { EncodedError } from '../protocol.ts'

const types: Readonly<Record<ErrorKind, string>> = {
  invalid: 'invalid_request_error',
  'context-too-long': 'invalid_request_error',
  'not-authenticated': 'authentication_error',
  'budget-exhausted': 'billing_error',
  forbidden: 'permission_error',
  'not-found': 'not_found_error',
  conflict: 'invalid_request_error',
  'too-large': 'request_too_large',
  'rate-limited': 'rate_limit_error',
  cancelled: 'api_error',
  internal: 'api_error',
  upstream: 'api_error',
  unavailable: 'overloaded_error',
  timeout: 'timeout_error',
}

export function messagesError(error: AtelierError) {
  const kind = kindOfError(error)
  // Clients know a conversation that has grown too long by these words.
  const known = kind === 'context-too-long' ? 'prompt is too long: ' : ''
  return {
    type: 'error',
    error: { type: types[kind], message: known + errorText(error), atelier: errorParticulars(error) },
  }
}

export function encodeMessagesError(error: AtelierError): EncodedError {
  return {
    status: statusOfKind(kindOfError(error)),
    headers: errorHeaders(error),
    body: messagesError(error),
  }
}
