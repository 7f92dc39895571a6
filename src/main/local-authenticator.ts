import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Authenticator } from '../api/index.ts'
import { findPrincipal, seededIdentities, tenantScope } from '../governance/index.ts'
import type { Database } from '../store/index.ts'

/**
 * Lets in the owner of this machine's studio, by a token that only whoever started the server has seen. It is valid until
 * the server ends.
 */
export function createLocalAuthenticator(database: Database): {
  readonly authenticator: Authenticator
  readonly token: string
} {
  const token = `atl_local_${randomBytes(24).toString('base64url')}`
  const expected = hash('sha256', token, 'buffer')
  const { tenant, owner } = seededIdentities
  return {
    token,
    authenticator: {
      async authenticate({ authorization }) {
        const shown = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
        if (shown === undefined || !timingSafeEqual(hash('sha256', shown, 'buffer'), expected))
          return undefined
        const principal = await database.transaction(tenantScope(tenant, owner), (tx) =>
          findPrincipal(tx, tenant, owner),
        )
        return principal && { principal, via: 'local', credentialId: null, scopes: 'all' }
      },
    },
  }
}
