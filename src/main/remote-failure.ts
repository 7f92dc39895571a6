import { RequestFailure } from '../api/client/index.ts'
import { AtelierError } from '../kernel/index.ts'
import { hostErrors } from './errors.ts'

/** What a studio elsewhere refused or failed at, as if it had happened here: its code, its message, its remedy. */
export function remoteFailure(server: string, failure: unknown): unknown {
  if (!(failure instanceof RequestFailure)) return failure
  const { code, status, message: summary, remedy, problem, cause } = failure
  if (status === 0) return connectionFailure(server, cause)
  if (status === 401) return hostErrors.SIGN_IN_ENDED({ detail: server, cause: failure })
  const { retryable, details } = problem
  return new AtelierError({ code, summary, remedy, retryable }, { details, cause: failure })
}

/** What OpenSSL and Node.js say of a certificate that nobody they know vouches for, or that is for something else. */
const untrusted =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_[A-Z_]+|CERT_[A-Z_]+|ERR_TLS_CERT_[A-Z_]+|HOSTNAME_MISMATCH)$/

/** Nobody answered, or not who should. */
export function connectionFailure(server: string, cause: unknown): AtelierError {
  const reason = reasonOf(cause)
  const detail = reason === undefined ? server : `${server} (${reason})`
  if (reason !== undefined && untrusted.test(reason)) return hostErrors.SERVER_UNTRUSTED({ detail, cause })
  return hostErrors.SERVER_UNREACHABLE({ detail, cause })
}

/** The code of what went wrong at the bottom of it, such as `ECONNREFUSED`. */
function reasonOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const below = reasonOf(cause.cause)
  return below ?? ('code' in cause && typeof cause.code === 'string' ? cause.code : undefined)
}
