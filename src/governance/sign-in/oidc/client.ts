import * as oidc from 'openid-client'
import { oidcErrors } from '../errors.ts'

/** What is asked of an OpenID provider. */
export interface OidcClient {
  /** Where to send the browser, and what has to be remembered until it comes back. */
  begin(redirectUri: string): Promise<OidcBeginning>
  /**
   * Whom the provider has signed in, by the address with which the browser came back. Signature, issuer, audience,
   * times, state and nonce are checked.
   * @throws ATL_OIDC_REFUSED, ATL_OIDC_PROVIDER_UNAVAILABLE
   */
  finish(returned: URL, expected: OidcExpectation): Promise<OidcIdentity>
  /** Where to send the browser to sign out at the provider too; undefined where it has no such place. */
  signOutUrl(idToken: string | undefined, returnTo: string): Promise<string | undefined>
}

interface OidcExpectation {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

export interface OidcBeginning extends OidcExpectation {
  readonly url: string
}

export interface OidcIdentity {
  readonly issuer: string
  readonly subject: string
  readonly name: string
  /** What the person calls themselves, to make an id of. */
  readonly handle: string
  readonly groups: readonly string[]
  readonly idToken: string
}

export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  readonly secret: string | undefined
  readonly scopes: readonly string[]
  readonly groupsClaim: string
}

const timeoutSeconds = 10
/** How long what a provider says about itself is believed. */
const discoveryMs = 3600_000
/** What the clocks of studio and provider may differ by. */
const toleranceSeconds = 30

export function createOidcClient(
  settings: OidcSettings,
  monotonicNow: () => number = () => performance.now(),
): OidcClient {
  let discovered: { readonly configuration: Promise<oidc.Configuration>; readonly until: number } | undefined
  const configuration = (): Promise<oidc.Configuration> => {
    if (discovered === undefined || monotonicNow() >= discovered.until) {
      const found = { configuration: discover(settings), until: monotonicNow() + discoveryMs }
      discovered = found
      found.configuration.catch(() => {
        if (discovered === found) discovered = undefined
      })
    }
    return discovered.configuration
  }
  return {
    begin: async (redirectUri) => {
      const codeVerifier = oidc.randomPKCECodeVerifier()
      const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
      const url = oidc.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope: settings.scopes.join(' '),
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      })
      return { url: url.href, state, nonce, codeVerifier }
    },
    finish: async (returned, { state, nonce, codeVerifier }) => {
      const current = await configuration()
      return translated(async () => {
        const tokens = await oidc.authorizationCodeGrant(current, returned, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        })
        return identityOf(current, tokens, settings.groupsClaim)
      })
    },
    signOutUrl: async (idToken, returnTo) => {
      const current = await configuration()
      if (current.serverMetadata().end_session_endpoint === undefined) return undefined
      return oidc.buildEndSessionUrl(current, {
        post_logout_redirect_uri: returnTo,
        ...(idToken !== undefined && { id_token_hint: idToken }),
      }).href
    },
  }
}

/** @throws ATL_OIDC_PROVIDER_UNAVAILABLE */
async function discover({ issuer, clientId, secret }: OidcSettings): Promise<oidc.Configuration> {
  const url = new URL(issuer)
  try {
    return await oidc.discovery(
      url,
      clientId,
      { [oidc.clockTolerance]: toleranceSeconds },
      secret === undefined ? oidc.None() : oidc.ClientSecretBasic(secret),
      // The configuration takes plain http for providers on this machine only. The library calls that deprecated so
      // that it stands out, and has no other way.
      // oxlint-disable-next-line typescript/no-deprecated
      { timeout: timeoutSeconds, ...(url.protocol === 'http:' && { execute: [oidc.allowInsecureRequests] }) },
    )
  } catch (cause) {
    throw oidcErrors.PROVIDER_UNAVAILABLE({ detail: issuer, cause })
  }
}

async function identityOf(
  configuration: oidc.Configuration,
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
  groupsClaim: string,
): Promise<OidcIdentity> {
  const claims = tokens.claims()
  if (claims === undefined || tokens.id_token === undefined)
    throw oidcErrors.REFUSED({ detail: 'no ID token' })
  let facts: Readonly<Record<string, unknown>> = claims
  // Many providers keep what is personal out of the ID token.
  if (claims[groupsClaim] === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined)
    facts = { ...claims, ...(await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub)) }
  const text = (name: string): string | undefined => {
    const value = facts[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const groups = facts[groupsClaim]
  const handle = text('preferred_username') ?? text('email')?.split('@')[0] ?? claims.sub
  return {
    issuer: claims.iss,
    subject: claims.sub,
    name: text('name') ?? handle,
    handle,
    groups: (Array.isArray(groups) ? groups : [groups]).filter((group) => typeof group === 'string'),
    idToken: tokens.id_token,
  }
}

/** What the provider says no to, and what does not check out, is refused; everything else is the provider's failure. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (
      cause instanceof oidc.AuthorizationResponseError ||
      cause instanceof oidc.ResponseBodyError ||
      (cause instanceof oidc.ClientError && cause.code !== 'OAUTH_TIMEOUT')
    )
      throw oidcErrors.REFUSED({ detail: String(cause.code), cause })
    if (cause instanceof TypeError || cause instanceof oidc.ClientError)
      throw oidcErrors.PROVIDER_UNAVAILABLE({ cause })
    throw cause
  }
}
