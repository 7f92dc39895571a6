import type { PrincipalId, ProjectId } from '../../../kernel/index.ts'
import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type CredentialHandlers = Pick<
  Handlers,
  | 'listSessions'
  | 'endSession'
  | 'endOtherSessions'
  | 'listTokens'
  | 'listAllTokens'
  | 'createToken'
  | 'revokeToken'
  | 'revokeCredentials'
>
type Token = Awaited<ReturnType<Services['credentials']['listTokens']>>[number]

export function credentialHandlers({ credentials }: Services): CredentialHandlers {
  return {
    listSessions: async ({ caller }) => ({
      items: (await credentials.listSessions(caller)).map(
        ({ createdAt, lastUsedAt, expiresAt, ...session }) => ({
          ...session,
          createdAt: createdAt.toISOString(),
          lastUsedAt: lastUsedAt.toISOString(),
          expiresAt: expiresAt.toISOString(),
          current: session.id === caller.credentialId,
        }),
      ),
    }),
    endSession: ({ caller, params }) => credentials.revokeOwnSessions(caller, { id: params.sessionId }),
    endOtherSessions: ({ caller }) => credentials.revokeOwnSessions(caller, 'others'),
    listTokens: async ({ caller }) => ({ items: (await credentials.listTokens(caller, 'own')).map(view) }),
    listAllTokens: async ({ caller }) => ({ items: (await credentials.listTokens(caller, 'all')).map(view) }),
    createToken: async ({ caller, body }) => {
      const { token, ...issued } = await credentials.createToken(caller, {
        name: body.name,
        scopes: body.scopes,
        projects: body.projects as readonly ProjectId[] | undefined,
        lifetimeMs: body.days * 24 * 3600 * 1000,
        for: body.for as PrincipalId | undefined,
      })
      return { ...view(issued), token }
    },
    revokeToken: ({ caller, params }) => credentials.revokeToken(caller, params.tokenId),
    revokeCredentials: async ({ caller, params }) => ({
      ended: await credentials.revokeAllOf(caller, params.memberId as PrincipalId),
    }),
  }
}

function view({ createdAt, expiresAt, lastUsedAt, ...token }: Token) {
  return {
    ...token,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
