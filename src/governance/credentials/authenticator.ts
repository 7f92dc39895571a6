import { isDeepStrictEqual } from 'node:util'
import type { Caller, Principal, ProjectRoles, Role } from '../../contracts/index.ts'
import type { Logger, PrincipalId, ProjectId, TenantId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import { hashOfSecret, hasSecretForm, rolesColumns } from '../identity/index.ts'
import { cookie, readCookie, sessionCookieName } from './cookies.ts'
import type { PublicAddress } from './cookies.ts'
import { tokenErrors } from './errors.ts'
import { rotateSession, sessionLimits } from './sessions.ts'

/** Says who sends a request, by its headers alone. */
export interface CredentialAuthenticator {
  /**
   * The caller, by a session's cookie or by an API token; a token wins. Undefined where there is neither, and where the
   * session has ended. Nothing is remembered: what was revoked is refused at once, in every process, and a request
   * costs one round trip to the database for one statement that finds its rows by their keys.
   * @throws ATL_TOKEN_UNKNOWN, ATL_TOKEN_EXPIRED, ATL_TOKEN_REVOKED; ATL_STORE_UNAVAILABLE (retryable).
   */
  authenticate(headers: RequestHeaders): Promise<Caller | undefined>
  /** The `Set-Cookie` of a session whose secret has to be replaced now; undefined for all others. */
  renew(caller: Caller): Promise<string | undefined>
  /**
   * Those of some callers, as they were authenticated, who would not be the same any more: their session or token has
   * ended, they cannot act any more, or their roles or projects are others. Two statements, however many they are.
   * @throws ATL_STORE_UNAVAILABLE (retryable).
   */
  changed(callers: readonly Caller[]): Promise<ReadonlySet<Caller>>
}

/** As Node gives them. */
type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export interface CredentialAuthenticatorOptions {
  readonly database: Database
  readonly address: PublicAddress
  readonly logger: Logger
}

export function createAuthenticator({
  database,
  address,
  logger,
}: CredentialAuthenticatorOptions): CredentialAuthenticator {
  const cookieName = sessionCookieName(address)
  const dueForRotation = new WeakSet<Caller>()

  const byToken = async (token: string): Promise<Caller> => {
    if (!hasSecretForm('api', token)) throw tokenErrors.UNKNOWN()
    const row = await findCredential<TokenRow>(database, tokenQuery, hashOfSecret(token))
    if (row === undefined || !canAct(row)) throw tokenErrors.UNKNOWN()
    if (row.revoked) throw tokenErrors.REVOKED({ details: { tokenId: row.id } })
    if (row.expired) throw tokenErrors.EXPIRED({ details: { tokenId: row.id } })
    if (row.touch) await touch(database, row, 'api_tokens', logger)
    return callerByToken(row)
  }

  const bySession = async (secret: string): Promise<Caller | undefined> => {
    if (!hasSecretForm('session', secret)) return undefined
    const row = await findCredential<SessionRow>(database, sessionQuery, hashOfSecret(secret))
    if (row === undefined || row.ended || !canAct(row)) return undefined
    if (row.touch) await touch(database, row, 'sessions', logger)
    const caller = callerBySession(row)
    if (row.rotate) dueForRotation.add(caller)
    return caller
  }

  return {
    authenticate: async ({ authorization, cookie: cookies }) => {
      if (authorization !== undefined) {
        const [, token] = /^bearer +([^\s]{1,200}) *$/i.exec(String(authorization)) ?? []
        if (token === undefined) throw tokenErrors.UNKNOWN()
        return byToken(token)
      }
      const secret = readCookie(typeof cookies === 'string' ? cookies : cookies?.join(';'), cookieName)
      return secret === undefined ? undefined : bySession(secret)
    },
    changed: async (callers) => {
      const [tokens, sessions] = await Promise.all([
        findAgain<TokenRow>(
          database,
          tokensAgainQuery,
          callers.filter(({ via }) => via === 'token'),
        ),
        findAgain<SessionRow>(
          database,
          sessionsAgainQuery,
          callers.filter(({ via }) => via === 'session'),
        ),
      ])
      const now = new Map<string | null, Caller>()
      for (const row of tokens)
        if (canAct(row) && !row.revoked && !row.expired) now.set(row.id, callerByToken(row))
      for (const row of sessions) if (canAct(row) && !row.ended) now.set(row.id, callerBySession(row))
      const isSame = (caller: Caller) =>
        caller.via === 'local' || isDeepStrictEqual(now.get(caller.credentialId), caller)
      return new Set(callers.filter((caller) => !isSame(caller)))
    },
    renew: async (caller) => {
      if (!dueForRotation.delete(caller) || caller.credentialId === null) return undefined
      const { tenantId, id: principalId } = caller.principal
      const sessionId = caller.credentialId
      const secret = await database.transaction({ kind: 'tenant', tenantId, principalId }, (tx) =>
        rotateSession(tx, tenantId, sessionId),
      )
      if (secret === undefined) return undefined
      return cookie(address, cookieName, secret, { maxAgeSeconds: sessionLimits.absolute / 1000 })
    },
  }
}

interface HolderRow {
  readonly id: string
  readonly tenant_id: TenantId
  readonly principal_id: PrincipalId
  readonly kind: Principal['kind']
  readonly on_behalf_of: PrincipalId | null
  /** The principal, or whom it acts for. */
  readonly disabled: boolean
  readonly tenant_suspended: boolean
  readonly roles: readonly Role[]
  readonly project_roles: ProjectRoles
  /** Its use has to be put on record. */
  readonly touch: boolean
}

interface TokenRow extends HolderRow {
  readonly scopes: readonly string[]
  readonly projects: readonly ProjectId[] | null
  readonly revoked: boolean
  readonly expired: boolean
}

interface SessionRow extends HolderRow {
  readonly ended: boolean
  readonly rotate: boolean
}

const ms = (milliseconds: number): string => `interval '${milliseconds} milliseconds'`

const holderColumns = `
  found.id, found.tenant_id, found.principal_id, holder.kind, holder.on_behalf_of,
  holder.disabled or coalesce(
    (select disabled from principals where tenant_id = found.tenant_id and id = holder.on_behalf_of), false) as disabled,
  ${rolesColumns('found.tenant_id', 'found.principal_id')}`

const holderJoin = `join principals holder on holder.tenant_id = found.tenant_id and holder.id = found.principal_id`

const tokenColumns = `
  ${holderColumns}, scopes, projects, revoked_at is not null as revoked, expires_at <= now() as expired,
  last_used_at is null or last_used_at < now() - ${ms(sessionLimits.useResolution)} as touch`

const sessionColumns = `
  ${holderColumns},
  revoked_at is not null or expires_at <= now() or last_used_at <= now() - ${ms(sessionLimits.idle)} as ended,
  rotated_at <= now() - ${ms(sessionLimits.rotation)} as rotate,
  last_used_at < now() - ${ms(sessionLimits.useResolution)} or (is_current and confirmed_at is null) as touch`

const tokenQuery = {
  name: 'credential-token',
  text: `select ${tokenColumns} from api_tokens found ${holderJoin} where found.hash = $1`,
}

/** By the secret in force, or by the one before it until a minute after the one in force was first used. */
const sessionQuery = {
  name: 'credential-session',
  text: `
    with found as (
      select *, true as is_current from sessions where hash = $1
      union all
      select *, false from sessions where previous_hash = $1
        and (confirmed_at is null or confirmed_at > now() - ${ms(sessionLimits.overlap)})
    )
    select ${sessionColumns} from found ${holderJoin}`,
}

/** By tenants and ids. */
const asked = `join unnest($1::text[], $2::text[]) as asked (asked_tenant, asked_id)
  on tenant_id = asked_tenant and id = asked_id`

const tokensAgainQuery = {
  name: 'credential-tokens-again',
  text: `
    with found as (select * from api_tokens ${asked})
    select ${tokenColumns} from found ${holderJoin}`,
}

const sessionsAgainQuery = {
  name: 'credential-sessions-again',
  text: `
    with found as (select *, true as is_current from sessions ${asked})
    select ${sessionColumns} from found ${holderJoin}`,
}

interface NamedQuery {
  readonly name: string
  readonly text: string
}

async function findCredential<R extends HolderRow>(
  database: Database,
  query: NamedQuery,
  hash: string,
): Promise<R | undefined> {
  const [row] = await findRows<R>(database, query, [hash])
  return row
}

async function findAgain<R extends HolderRow>(
  database: Database,
  query: NamedQuery,
  callers: readonly Caller[],
): Promise<readonly R[]> {
  const tenants = new Map(callers.map(({ credentialId, principal }) => [credentialId, principal.tenantId]))
  if (tenants.size === 0) return []
  return findRows<R>(database, query, [[...tenants.values()], [...tenants.keys()]])
}

function findRows<R extends HolderRow>(
  database: Database,
  query: NamedQuery,
  values: readonly unknown[],
): Promise<readonly R[]> {
  return database.pipelined({ kind: 'system' }, ({ send }) =>
    Promise.resolve({ underWay: send<R>({ ...query, values: [...values] }) }),
  )
}

function canAct({ disabled, tenant_suspended }: HolderRow): boolean {
  return !disabled && !tenant_suspended
}

function callerByToken(row: TokenRow): Caller {
  const { id: credentialId, projects, scopes } = row
  const principal = { ...principalOf(row), ...(projects && { onlyProjects: projects }) }
  return { principal, via: 'token', credentialId, scopes }
}

function callerBySession(row: SessionRow): Caller {
  return { principal: principalOf(row), via: 'session', credentialId: row.id, scopes: 'all' }
}

function principalOf(row: HolderRow): Principal {
  return {
    kind: row.kind,
    id: row.principal_id,
    tenantId: row.tenant_id,
    roles: row.roles,
    ...(Object.keys(row.project_roles).length > 0 && { projectRoles: row.project_roles }),
    onBehalfOf: row.on_behalf_of ?? undefined,
  }
}

/** A use that cannot be put on record is no reason to refuse it. */
async function touch(
  database: Database,
  { tenant_id: tenantId, principal_id: principalId, id }: HolderRow,
  table: 'sessions' | 'api_tokens',
  logger: Logger,
): Promise<void> {
  const also = table === 'sessions' ? ', confirmed_at = coalesce(confirmed_at, now())' : ''
  try {
    await database.execute(
      { kind: 'tenant', tenantId, principalId },
      {
        name: `credential-touch-${table}`,
        text: `update ${table} set last_used_at = now()${also} where tenant_id = $1 and id = $2`,
        parameters: [
          ['text', tenantId],
          ['text', id],
        ],
      },
    )
  } catch (error) {
    logger.log('warn', { credential: id, error: String(error) }, 'the use of a credential was not recorded')
  }
}
