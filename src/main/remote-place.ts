import type { GlobalOptions } from '../cli/index.ts'
import { readConfiguration } from './configuration.ts'
import type { CredentialFile } from './credential-file.ts'
import { hostErrors } from './errors.ts'

/** A studio that runs elsewhere, and what lets this account in. */
export interface RemotePlace {
  /** Its origin. */
  readonly server: string
  readonly token: string
}

/**
 * Where a command goes: to the studio of `--server`, else to this machine where `--data-directory` says so, else to the
 * studio of `ATELIER_SERVER`, else to the one that was made the default when signing in, else to this machine, which is
 * undefined.
 * @throws ATL_HOST_URL_INVALID, ATL_HOST_NOT_SIGNED_IN, ATL_HOST_CREDENTIALS_UNREADABLE
 */
export async function placeOf(options: GlobalOptions): Promise<RemotePlace | undefined> {
  const configuration = readConfiguration(options)
  const named = options.server ?? (options.dataDirectory === undefined ? configuration.server : '')
  if (named === '') return undefined
  const { servers, default: chosen } = await (await openCredentials()).read()
  const address = named ?? chosen
  if (address === undefined) return undefined
  const server = originOf(address)
  const token = configuration.token ?? servers[server]?.token
  if (token === undefined || token === '') throw hostErrors.NOT_SIGNED_IN({ detail: server })
  return { server, token }
}

export async function openCredentials(): Promise<CredentialFile> {
  const { createCredentialFile } = await import('./credential-file.ts')
  return createCredentialFile(readConfiguration().credentialFile)
}

/** The origin of a studio. A token is sent over https, or not off this machine. @throws ATL_HOST_URL_INVALID */
export function originOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url === undefined || !(url.protocol === 'https:' || isLocal))
    throw hostErrors.URL_INVALID({ detail: address })
  return url.origin
}
