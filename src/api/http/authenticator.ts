import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from '../../contracts/index.ts'

/** Finds out who sends a request. */
export interface Authenticator {
  /**
   * The caller, from a session's cookie or a token; undefined when the request carries neither.
   * @throws errors of IDENTITY when it carries one that does not hold: unknown, expired or revoked.
   */
  authenticate(headers: IncomingHttpHeaders): Promise<Caller | undefined>
  /** Those of some callers who are not any more who they were when they were authenticated, or may do something else. */
  changed(callers: readonly Caller[]): Promise<ReadonlySet<Caller>>
}
