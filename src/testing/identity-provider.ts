import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type OidcProvider from 'oidc-provider'

/** Somebody at the identity provider. */
interface ProviderAccount {
  readonly name: string
  groups: readonly string[]
}

export interface IdentityProvider extends AsyncDisposable {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Accounts by the name with which they sign in, any password; may be changed at any time. */
  readonly accounts: Map<string, ProviderAccount>
  close(): Promise<void>
}

/** A real OpenID provider on this machine, with a sign-in page of its own, for one client. */
export async function startIdentityProvider(client: {
  readonly redirectUri: string
  readonly afterSignOut: string
  /** 0, or absent, for any free one. */
  readonly port?: number
}): Promise<IdentityProvider> {
  // Loaded here, since it is there for tests only.
  const { default: Provider } = await import('oidc-provider')
  const server = createServer()
  server.listen(client.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [clientId, clientSecret] = ['atelier', 'a secret of the tests alone, which opens nothing']
  const accounts = new Map<string, ProviderAccount>()
  const provider: OidcProvider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [client.redirectUri],
        post_logout_redirect_uris: [client.afterSignOut],
      },
    ],
    cookies: { keys: ['of the tests'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email'],
      groups: ['groups'],
    },
    findAccount: (_context, id) => {
      const account = accounts.get(id)
      if (account === undefined) return undefined
      return {
        accountId: id,
        claims: () => ({
          sub: id,
          name: account.name,
          preferred_username: id,
          email: `${id}@example.org`,
          groups: [...account.groups],
        }),
      }
    },
    // Nobody is asked whether the studio may know what it asks for.
    loadExistingGrant: async (context) => {
      const { client: asking, session } = context.oidc
      if (asking === undefined || session?.accountId === undefined) return undefined
      const grant = new provider.Grant({ clientId: asking.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile email groups')
      await grant.save()
      return grant
    },
  })
  const answer = provider.callback()
  server.on('request', (request, response) => void answer(request, response))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { issuer, clientId, clientSecret, accounts, close, [Symbol.asyncDispose]: close }
}
