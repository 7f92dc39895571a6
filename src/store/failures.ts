import { AtelierError } from '../kernel/index.ts'
import { storeErrors } from './errors.ts'

/** Node's codes for a server that is not there, or was there a moment ago. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
])

/** The driver's own errors about lost connections have no code, only these messages. */
const connectionMessages =
  /^(Connection terminated|Postgres connection has been discarded|Client has encountered a connection error|Client was closed|timeout expired|Cannot use a pool after calling end)/

/** What the pool says to who has waited for a connection that others use; who is slow to connect is told otherwise. */
const waitedTooLong = 'timeout exceeded when trying to connect'

/**
 * The studio's error for what the driver threw: lost connections, too few of them, conflicts, a full disk and refused access get a code;
 * an error that a caller may expect (a violated constraint) or that is a defect comes back as it is.
 * SQLSTATE classes: PostgreSQL documentation, appendix A.
 */
export function translateFailure(error: unknown): unknown {
  if (error instanceof AtelierError || !(error instanceof Error)) return error
  const occurrence = { detail: error.message, cause: error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (error.message === waitedTooLong) return storeErrors.BUSY(occurrence)
  if (isUnavailable(code, error.message)) return storeErrors.UNAVAILABLE(occurrence)
  if (['40001', '40P01', '55P03'].includes(code)) return storeErrors.CONFLICT(occurrence)
  if (code === '53100') return storeErrors.NO_SPACE(occurrence)
  if (code === '42501') return storeErrors.FORBIDDEN(occurrence)
  if (code === '28P01' || code === '28000') return storeErrors.AUTHENTICATION_FAILED(occurrence)
  if (code === '3D000') return storeErrors.DATABASE_MISSING(occurrence)
  return error
}

/** Class 08: connection exceptions; 57P: shutting down or starting up; 53300: no free connection. */
function isUnavailable(code: string, message: string): boolean {
  return (
    connectionCodes.has(code) ||
    code.startsWith('08') ||
    ['57P01', '57P02', '57P03', '57P05', '53300', '25P03'].includes(code) ||
    connectionMessages.test(message)
  )
}
