import type { Principal } from './principal.ts'

/** Who sends a request, as an authenticator found out. The tenant of a request is always the caller's. */
export interface Caller {
  readonly principal: Principal
  /** How the caller proved who they are; `local` is the operating system's word on this machine. */
  readonly via: 'session' | 'token' | 'local'
  /** Names the session or token, so that it can be revoked and found in the audit log; null for `local`. */
  readonly credentialId: string | null
  /** Actions that the credential is limited to; what the principal may do at all is decided by policy. */
  readonly scopes: readonly string[] | 'all'
}
