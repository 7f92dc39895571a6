import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Caller } from '../../contracts/index.ts'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Database, Scope, Tx } from '../../store/index.ts'
import type { AuditLog } from '../audit/index.ts'
import {
  cookie,
  openSession,
  providerOfSession,
  readCookie,
  revokeSessions,
  sessionCookieName,
  sessionLimits,
  useSignInLink,
} from '../credentials/index.ts'
import type { PublicAddress } from '../credentials/index.ts'
import { hashOfSecret, seededIdentities } from '../identity/index.ts'
import { oidcErrors } from './errors.ts'
import { admitPerson } from './external-person.ts'
import { createOidcClient } from './oidc/client.ts'
import type { OidcBeginning, OidcClient } from './oidc/client.ts'
import { grantOf } from './providers.ts'
import type { Provider } from './providers.ts'

/** Where the browser goes next, and what it is to keep. */
interface Redirection {
  readonly location: string
  readonly cookies: readonly string[]
}

/** How people come in and leave. */
export interface SignIn {
  readonly providers: readonly { readonly id: string; readonly name: string }[]
  /** Uses a link that was printed or sent. @throws ATL_SIGNIN_LINK_INVALID */
  withLink(code: string, device: string): Promise<Redirection>
  /** @throws ATL_OIDC_PROVIDER_NOT_FOUND, ATL_OIDC_PROVIDER_UNAVAILABLE */
  begin(providerId: string, returnTo: string | undefined): Promise<Redirection>
  /**
   * Ends what `begin` began, in the same browser.
   * @param returned path and query with which the provider sent the browser back.
   * @throws errors of OIDC, and ATL_TENANT_QUOTA_EXCEEDED
   */
  finish(
    providerId: string,
    returned: string,
    browser: { readonly cookies: string | undefined; readonly device: string },
  ): Promise<Redirection>
  /** Ends the session, here and, where the provider can, there. */
  signOut(caller: Caller | undefined): Promise<Redirection>
}

export interface SignInServices {
  readonly database: Database
  readonly audit: AuditLog
  readonly address: PublicAddress
  readonly providers: readonly Provider[]
}

const attemptSeconds = 600

export function createSignIn(services: SignInServices): SignIn {
  const { database, audit, address } = services
  const clients = new Map(
    services.providers.map((provider) => [provider.id, { provider, client: createOidcClient(provider) }]),
  )
  const find = (id: string): { readonly provider: Provider; readonly client: OidcClient } => {
    const found = clients.get(id)
    if (found === undefined) throw oidcErrors.PROVIDER_NOT_FOUND({ detail: id.slice(0, 80) })
    return found
  }
  const attemptCookie = `${sessionCookieName(address)}-signin`
  const redirectUri = (id: string): string => `${address.url}/auth/callback/${id}`
  const sessionCookie = (secret: string): string =>
    cookie(address, sessionCookieName(address), secret, { maxAgeSeconds: sessionLimits.absolute / 1000 })
  const expired = (name: string): string => cookie(address, name, '', { maxAgeSeconds: 0 })

  return {
    providers: services.providers.map(({ id, name }) => ({ id, name })),
    withLink: async (code, device) => {
      const { secret } = await useSignInLink(database, code, device, (tx, who) =>
        record(audit, tx, who, 'sign-in', { method: 'link' }),
      )
      return { location: '/', cookies: [sessionCookie(secret)] }
    },
    begin: async (id, returnTo) => {
      const { provider, client } = find(id)
      const beginning = await client.begin(redirectUri(id))
      const browser = randomBytes(32).toString('base64url')
      await rememberAttempt(database, provider, beginning, { browser, returnTo: localPath(returnTo) })
      return {
        location: beginning.url,
        cookies: [cookie(address, attemptCookie, browser, { maxAgeSeconds: attemptSeconds })],
      }
    },
    finish: async (id, returned, { cookies, device }) => {
      const { provider, client } = find(id)
      const url = new URL(returned, address.url)
      const browser = readCookie(cookies, attemptCookie)
      const attempt = await takeAttempt(database, provider, url.searchParams.get('state'), browser)
      const identity = await client.finish(url, attempt)
      const secret = await admit(services, provider, identity, device)
      return { location: attempt.returnTo, cookies: [sessionCookie(secret), expired(attemptCookie)] }
    },
    signOut: async (caller) => {
      const cookies = [expired(sessionCookieName(address))]
      if (caller?.via !== 'session' || caller.credentialId === null) return { location: '/', cookies }
      const { tenantId, id: principalId } = caller.principal
      const sessionId = caller.credentialId
      const from = await database.transaction({ kind: 'tenant', tenantId, principalId }, async (tx) => {
        const provider = await providerOfSession(tx, tenantId, sessionId)
        await revokeSessions(tx, tenantId, principalId, { id: sessionId })
        await record(audit, tx, { tenantId, principalId }, 'sign-out', { session: sessionId })
        return provider
      })
      const there = from && clients.get(from.provider)?.client
      // Whoever leaves has left, whether the provider answers or not.
      const location = await there?.signOutUrl(from?.idToken, `${address.url}/`).catch(() => undefined)
      return { location: location ?? '/', cookies }
    },
  }
}

/** @throws ATL_OIDC_NO_ACCESS_FORBIDDEN, once it is on record that the person has lost their access. */
async function admit(
  { database, audit }: SignInServices,
  provider: Provider,
  identity: Parameters<typeof admitPerson>[2],
  device: string,
): Promise<string> {
  const { tenant: tenantId, id } = provider
  const secret = await database.transaction(scopeOf(tenantId), async (tx) => {
    const admission = await admitPerson(tx, tenantId, identity, grantOf(provider, identity.groups))
    const { principalId } = admission
    const detail = { method: 'oidc', provider: id, subject: identity.subject }
    if (admission.kind === 'no-access') {
      await record(
        audit,
        tx,
        { tenantId, principalId: principalId ?? seededIdentities.studio },
        'sign-in',
        detail,
        'denied',
      )
      return undefined
    }
    const session = await openSession(tx, {
      tenantId,
      principalId: admission.principalId,
      method: 'oidc',
      device,
      provider: id,
      idToken: identity.idToken,
    })
    await record(audit, tx, { tenantId, principalId: admission.principalId }, 'sign-in', {
      ...detail,
      session: session.id,
    })
    return session.secret
  })
  if (secret === undefined) throw oidcErrors.NO_ACCESS_FORBIDDEN({ detail: identity.name.slice(0, 100) })
  return secret
}

async function rememberAttempt(
  database: Database,
  { tenant: tenantId, id }: Provider,
  { state, nonce, codeVerifier }: OidcBeginning,
  { browser, returnTo }: { readonly browser: string; readonly returnTo: string },
): Promise<void> {
  await database.transaction(scopeOf(tenantId), async (tx) => {
    await tx
      .deleteFrom('sign_in_attempts')
      .where('tenant_id', '=', tenantId)
      .where('expires_at', '<', sql<Date>`now()`)
      .execute()
    await tx
      .insertInto('sign_in_attempts')
      .values({
        tenant_id: tenantId,
        hash: hashOfSecret(state),
        browser_hash: hashOfSecret(browser),
        provider: id,
        nonce,
        code_verifier: codeVerifier,
        return_to: returnTo,
        expires_at: sql<Date>`now() + ${attemptSeconds} * interval '1 second'`,
      })
      .execute()
  })
}

/** An attempt is good for one return, whatever comes of it. @throws ATL_OIDC_ATTEMPT_INVALID */
async function takeAttempt(
  database: Database,
  { tenant: tenantId, id }: Provider,
  state: string | null,
  browser: string | undefined,
) {
  if (state === null || browser === undefined) throw oidcErrors.ATTEMPT_INVALID()
  const row = await database.transaction(scopeOf(tenantId), (tx) =>
    tx
      .deleteFrom('sign_in_attempts')
      .where('tenant_id', '=', tenantId)
      .where('hash', '=', hashOfSecret(state))
      .where('browser_hash', '=', hashOfSecret(browser))
      .where('provider', '=', id)
      .where('expires_at', '>', sql<Date>`now()`)
      .returning(['nonce', 'code_verifier', 'return_to'])
      .executeTakeFirst(),
  )
  if (row === undefined) throw oidcErrors.ATTEMPT_INVALID()
  return { state, nonce: row.nonce, codeVerifier: row.code_verifier, returnTo: row.return_to }
}

/** Nobody is sent elsewhere after signing in. */
function localPath(path: string | undefined): string {
  return path !== undefined && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}$/.test(path) ? path : '/'
}

function scopeOf(tenantId: TenantId): Extract<Scope, { kind: 'tenant' }> {
  return { kind: 'tenant', tenantId, principalId: seededIdentities.studio }
}

async function record(
  audit: AuditLog,
  tx: Tx,
  { tenantId, principalId }: { readonly tenantId: TenantId; readonly principalId: PrincipalId },
  action: 'sign-in' | 'sign-out',
  detail: Readonly<Record<string, unknown>>,
  outcome: 'succeeded' | 'denied' = 'succeeded',
): Promise<void> {
  await audit.append(tx, {
    tenantId,
    principalId,
    onBehalfOf: null,
    action,
    resource: `directory:${tenantId}`,
    outcome,
    policies: [],
    policySet: null,
    digests: {},
    runId: null,
    actKey: null,
    detail,
  })
}
