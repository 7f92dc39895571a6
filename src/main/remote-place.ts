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
 * The address that a command goes to: that of `--server`, else this machine where `--data-directory` says so, else that of
 * `ATELIER_SERVER`, else the one that was made the default when signing in, else this machine, which is undefined.
 * @throws ATL_HOST_CREDENTIALS_UNREADABLE
 */
export async function addressOf(options: GlobalOptions): Promise<string | undefined> {
  const { server } = readConfiguration(options)
  const named = options.server ?? (options.dataDirectory === undefined ? server : '')
  if (named === '') return undefined
  return named ?? (await (await openCredentials()).read()).default
}

/** @throws ATL_HOST_URL_INVALID, ATL_HOST_NOT_SIGNED_IN, ATL_HOST_CREDENTIALS_UNREADABLE */
export async function placeOf(options: GlobalOptions): Promise<RemotePlace | undefined> {
  const address = await addressOf(options)
  if (address === undefined) return undefined
  const server = originOf(address)
  const { servers } = await (await openCredentials()).read()
  const token = readConfiguration(options).token ?? servers[server]?.token
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
