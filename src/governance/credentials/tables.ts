import type { JWK } from 'jose'
import type { Generated } from 'kysely'
import type { CreatedAt, JsonColumn } from '../../store/index.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    sessions: SessionsTable
    api_tokens: ApiTokensTable
    sign_in_links: SignInLinksTable
    device_logins: DeviceLoginsTable
    step_verification_keys: StepVerificationKeysTable
  }
}

/** Hashes are SHA-256 in hexadecimal; the secrets themselves are nowhere. */
interface SessionsTable {
  tenant_id: string
  id: string
  hash: string
  /** Of the secret before the last rotation, which still counts until the browser has shown that it has the new one. */
  previous_hash: string | null
  principal_id: string
  /** What the browser says it is, for people who look through their sessions. */
  device: string
  method: 'link' | 'oidc'
  provider: string | null
  /** For signing out at the provider too. */
  id_token: string | null
  created_at: CreatedAt
  last_used_at: Generated<Date>
  rotated_at: Generated<Date>
  /** When the secret in force was first used. */
  confirmed_at: Date | null
  expires_at: Date
  revoked_at: Date | null
}

interface ApiTokensTable {
  tenant_id: string
  id: string
  hash: string
  principal_id: string
  name: string
  scopes: string[]
  /** Projects outside of which no role counts; null for no such limit. */
  projects: string[] | null
  created_by: string
  created_at: CreatedAt
  expires_at: Date
  last_used_at: Date | null
  revoked_at: Date | null
}

interface SignInLinksTable {
  tenant_id: string
  hash: string
  principal_id: string
  created_at: CreatedAt
  expires_at: Date
  used_at: Date | null
}

interface DeviceLoginsTable {
  tenant_id: string | null
  hash: string
  user_code: string
  device: string
  status: Generated<'pending' | 'approved' | 'denied' | 'claimed'>
  principal_id: string | null
  interval_seconds: number
  polled_at: Date | null
  created_at: CreatedAt
  expires_at: Date
}

/** Public halves of the keys that sign credentials of steps. */
interface StepVerificationKeysTable {
  id: string
  jwk: JsonColumn<JWK>
  created_at: CreatedAt
  expires_at: Date
}
