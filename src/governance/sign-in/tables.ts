import type { CreatedAt } from '../../store/index.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    external_identities: ExternalIdentitiesTable
    sign_in_attempts: SignInAttemptsTable
  }
}

/** Who somebody is at an identity provider; its `sub` never changes and is never given to anybody else. */
interface ExternalIdentitiesTable {
  tenant_id: string
  issuer: string
  subject: string
  principal_id: string
  created_at: CreatedAt
}

/** A sign-in that was begun and has not come back from the provider. */
interface SignInAttemptsTable {
  tenant_id: string
  /** Of the `state`. */
  hash: string
  /** Of a cookie, so that nobody ends in a browser what was begun in another. */
  browser_hash: string
  provider: string
  nonce: string
  code_verifier: string
  return_to: string
  expires_at: Date
}
