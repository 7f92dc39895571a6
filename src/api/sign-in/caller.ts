import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../contracts/index.ts'
import { signInErrors } from '../../governance/credentials/index.ts'
import type {
  CredentialAuthenticator,
  DeviceLogins,
  PublicAddress,
  StepKeys,
} from '../../governance/credentials/index.ts'
import type { Credentials } from '../../governance/directory/index.ts'
import type { SignIn } from '../../governance/sign-in/index.ts'

export interface SignInRouteServices {
  readonly signIn: SignIn
  readonly authenticator: CredentialAuthenticator
  readonly deviceLogins: DeviceLogins
  readonly credentials: Pick<Credentials, 'revokeToken'>
  readonly stepKeys: StepKeys
  readonly address: PublicAddress
}

/**
 * Who asks, where something is changed in their name. A browser sends a session's cookie whoever made it ask, so that has
 * to come from a page of the studio.
 * @throws ATL_SIGNIN_CROSS_SITE
 */
export async function callerOf(
  { authenticator }: SignInRouteServices,
  { headers, host, method }: FastifyRequest,
): Promise<Caller | undefined> {
  const caller = await authenticator.authenticate(headers)
  if (caller?.via !== 'session' || method === 'GET') return caller
  const { origin } = headers
  const isOwn =
    origin === undefined
      ? headers['sec-fetch-site'] === 'same-origin'
      : URL.canParse(origin) && new URL(origin).host === host
  if (!isOwn) throw signInErrors.CROSS_SITE()
  return caller
}
