import { scopesInclude } from '../../contracts/index.ts'
import type { Caller } from '../../contracts/index.ts'
import type { PrincipalId, ProjectId } from '../../kernel/index.ts'
import {
  apiTokensOf,
  holderOfToken,
  issueApiToken,
  revokeApiTokens,
  revokeSessions,
  sessionsOf,
  tokenErrors,
} from '../credentials/index.ts'
import type { ApiTokenView, IssuedApiToken, SessionView } from '../credentials/index.ts'
import type { Administration } from '../door/index.ts'
import { findPrincipal, identityErrors } from '../identity/index.ts'
import { authorised, directoryOf } from './authorised.ts'
import type { DirectoryAction } from './authorised.ts'

interface TokenRequest {
  readonly name: string
  readonly scopes: readonly string[]
  readonly projects?: readonly ProjectId[] | undefined
  readonly lifetimeMs: number
  /** A service of the tenant; the caller themselves when absent. */
  readonly for?: PrincipalId | undefined
}

/** Sessions and tokens, one's own and those of others. */
export interface Credentials {
  /**
   * @throws ATL_TOKEN_SCOPE_TOO_WIDE when it would open more than the credential that asks for it,
   * ATL_TOKEN_LIFETIME_INVALID, ATL_SIGNIN_INTERACTIVE_ONLY, ATL_DOOR_DENIED
   */
  createToken(caller: Caller, request: TokenRequest): Promise<IssuedApiToken>
  /** One's own, or those of everybody. */
  listTokens(caller: Caller, whose: 'own' | 'all'): Promise<readonly ApiTokenView[]>
  /** @throws ATL_TOKEN_NOT_FOUND */
  revokeToken(caller: Caller, id: string): Promise<void>
  listSessions(caller: Caller): Promise<readonly SessionView[]>
  /** One of one's own, or all but the one that asks. @throws ATL_TOKEN_NOT_FOUND */
  revokeOwnSessions(caller: Caller, which: { readonly id: string } | 'others'): Promise<void>
  /** Ends all sessions and tokens of somebody else at once. @returns how many there were. */
  revokeAllOf(caller: Caller, principalId: PrincipalId): Promise<number>
}

export function createCredentials(administration: Administration): Credentials {
  const act = <T>(
    caller: Caller,
    action: DirectoryAction,
    detail: Readonly<Record<string, unknown>>,
    work: Parameters<typeof authorised<T>>[4],
  ): Promise<T> => authorised(administration, caller, { action, resource: directoryOf(caller) }, detail, work)

  return {
    createToken: async (caller, request) => {
      refuseWider(caller, request)
      const { name, scopes, projects, lifetimeMs, for: service } = request
      const action = service === undefined ? 'manage-own-tokens' : 'manage-people'
      return act(caller, action, { name, scopes, for: service ?? null }, async (tx, { tenantId, id }) => {
        const holder = service === undefined ? undefined : await findPrincipal(tx, tenantId, service)
        // A person's token is for that person alone to make.
        if (service !== undefined && holder?.kind !== 'service')
          throw identityErrors.UNKNOWN({ detail: service })
        return issueApiToken(tx, {
          tenantId,
          principalId: holder?.id ?? id,
          name,
          scopes,
          lifetimeMs,
          createdBy: id,
          ...(projects && { projects }),
        })
      })
    },
    listTokens: (caller, whose) =>
      act(caller, whose === 'own' ? 'manage-own-tokens' : 'manage-tokens', {}, (tx, { tenantId, id }) =>
        apiTokensOf(tx, tenantId, whose === 'own' ? id : 'all'),
      ),
    revokeToken: async (caller, id) => {
      const own = await act(caller, 'manage-own-tokens', { token: id }, async (tx, actor) => {
        const holder = await holderOfToken(tx, actor.tenantId, id)
        if (holder === undefined) throw tokenErrors.NOT_FOUND({ detail: id })
        if (holder !== actor.id) return false
        await revokeApiTokens(tx, actor.tenantId, { id })
        return true
      })
      if (own) return
      await act(caller, 'manage-tokens', { token: id }, (tx, { tenantId }) =>
        revokeApiTokens(tx, tenantId, { id }),
      )
    },
    listSessions: (caller) =>
      act(caller, 'manage-own-tokens', {}, (tx, { tenantId, id }) => sessionsOf(tx, tenantId, id)),
    revokeOwnSessions: (caller, which) =>
      act(caller, 'manage-own-tokens', { sessions: which }, async (tx, { tenantId, id }) => {
        const ended = await revokeSessions(
          tx,
          tenantId,
          id,
          which === 'others' ? { except: caller.via === 'session' ? caller.credentialId : null } : which,
        )
        if (which !== 'others' && ended === 0) throw tokenErrors.NOT_FOUND({ detail: which.id })
      }),
    revokeAllOf: (caller, principalId) =>
      act(caller, 'manage-tokens', { member: principalId }, async (tx, { tenantId }) => {
        const tokens = await revokeApiTokens(tx, tenantId, { principalId })
        return tokens.length + (await revokeSessions(tx, tenantId, principalId))
      }),
  }
}

/** Whoever holds a narrow token must not get a wider one by it. */
function refuseWider({ scopes: own, principal }: Caller, { scopes, projects }: TokenRequest): void {
  const wider = scopes.filter((scope) => !scopesInclude(own, scope))
  if (wider.length > 0) throw tokenErrors.SCOPE_TOO_WIDE({ detail: wider.join(', ') })
  const { onlyProjects } = principal
  if (onlyProjects === undefined) return
  if (projects === undefined || projects.some((project) => !onlyProjects.includes(project)))
    throw tokenErrors.SCOPE_TOO_WIDE({ detail: 'projects' })
}
