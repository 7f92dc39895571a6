import type { Problem } from '../../contracts/api/index.ts'
import { AtelierError, reportError } from '../../kernel/index.ts'
import { httpErrors } from './errors.ts'

/** Statuses of the server's own errors; the others are known by how their codes end. */
const ownStatuses: Readonly<Record<string, number>> = {
  [httpErrors.NOT_AUTHENTICATED.code]: 401,
  [httpErrors.SCOPE_MISSING.code]: 403,
  [httpErrors.CROSS_SITE.code]: 403,
  [httpErrors.NO_ROUTE.code]: 404,
  [httpErrors.REQUEST_INVALID.code]: 400,
  [httpErrors.BODY_INVALID.code]: 400,
  [httpErrors.BODY_TOO_LARGE.code]: 413,
  [httpErrors.TOO_MANY_REQUESTS.code]: 429,
  [httpErrors.TOO_MANY_STREAMS.code]: 429,
  [httpErrors.TIMED_OUT.code]: 503,
  [httpErrors.CLOSING.code]: 503,
  [httpErrors.NOT_READY.code]: 503,
  [httpErrors.KEY_REUSED.code]: 422,
  [httpErrors.KEY_BUSY.code]: 409,
  [httpErrors.KEY_SPENT.code]: 409,
  [httpErrors.CHANGED_MEANWHILE.code]: 412,
  [httpErrors.MATCH_REQUIRED.code]: 428,
}

/** Codes say what kind of failure they are in their last words; the first line that fits counts. */
const statusesByCode: readonly (readonly [pattern: RegExp, status: number])[] = [
  [/^ATL_STORE_BUSY$/, 503],
  // The studio is well; what the request names is not there now.
  [/_REMOTE_UNREACHABLE$/, 422],
  [/^ATL_(?:IDENTITY|SESSION|TOKEN)_(?:UNKNOWN|DISABLED|MISMATCH|EXPIRED|REVOKED|INVALID)$/, 401],
  [/_(?:DENIED|FORBIDDEN|OWN_WORK|SUSPENDED|PROTECTED|CROSS_SITE|TOO_WIDE|INTERACTIVE_ONLY)$/, 403],
  [/_(?:NOT_FOUND|UNKNOWN|MISSING|NO_RUNS)$|_UNKNOWN_[A-Z]+$/, 404],
  [
    /_(?:CONFLICT|NOT_SUSPENDED|QUOTA_EXCEEDED|REPEATED|CHANGED|VOID|EXPIRED|TAKEN|ENDED|EXISTS|IN_USE|BUSY)$/,
    409,
  ],
  [/_(?:NOT_WAITING|NOT_ASKED|ANSWERED|NOT_RESUMABLE|ALREADY_[A-Z]+|AMBIGUOUS)$/, 409],
  [/_TOO_LARGE$/, 413],
]

/** The HTTP status that goes with an error. */
function statusOf(error: AtelierError): number {
  const own = ownStatuses[error.code]
  if (own !== undefined) return own
  const known = statusesByCode.find(([pattern]) => pattern.test(error.code))
  if (known !== undefined) return known[1]
  return error.retryable ? 503 : 422
}

/** What a client is told of a failure; of a defect it is told nothing but that there is one. */
export function problemOf(error: unknown, requestId: string): Problem {
  const isExpected = error instanceof AtelierError
  const { code, message, remedy, retryable, details } = reportError(error)
  return {
    type: `/docs/errors#${code.toLowerCase()}`,
    title: isExpected ? (message.split(':')[0] ?? message) : 'The studio failed',
    status: isExpected ? statusOf(error) : 500,
    detail: isExpected ? message : 'Something went wrong inside of the studio; its log says more.',
    instance: requestId,
    code,
    remedy: isExpected
      ? remedy
      : `This is a defect in the studio. Please report it, with ${requestId} in the log.`,
    retryable: isExpected && retryable,
    details: isExpected ? details : {},
  }
}

/** Errors of the server library, in the studio's own words. */
export function translateServerError(error: unknown): unknown {
  if (error instanceof AtelierError || !(error instanceof Error) || !('code' in error)) return error
  const { code } = error
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return httpErrors.BODY_TOO_LARGE()
  if (code === 'FST_ERR_HANDLER_TIMEOUT') return httpErrors.TIMED_OUT()
  if (typeof code === 'string' && code.startsWith('FST_ERR_CTP'))
    return httpErrors.BODY_INVALID({ detail: error.message })
  const status = 'statusCode' in error ? error.statusCode : undefined
  if (status === 400) return httpErrors.BODY_INVALID({ detail: error.message })
  // What is wrong with the address, for example a part that is far too long for any id.
  const isRefused = typeof status === 'number' && status > 400 && status < 500
  return isRefused ? httpErrors.REQUEST_INVALID({ detail: error.message }) : error
}
