import os from 'node:os'
import type { CliContext } from '../cli/index.ts'
import { readConfiguration } from './configuration.ts'
import type { CredentialFile } from './credential-file.ts'
import { hostErrors } from './errors.ts'

/** What the commands about signing in need of this machine. */
export function createSignInContext(signal: AbortSignal): CliContext['signIn'] {
  return {
    at: async (address, show) => {
      const server = originOf(address)
      const { signInAt } = await import('./device-sign-in.ts')
      const signedIn = await signInAt(server, `atelier on ${os.hostname()}`, show, signal)
      await (await openCredentials()).set(server, signedIn)
      return signedIn.principal
    },
    out: async (address) => {
      const server = originOf(address)
      const file = await openCredentials()
      const { signOutAt } = await import('./device-sign-in.ts')
      const stored = (await file.read())[server]
      if (stored === undefined) return false
      await signOutAt(server, stored.token, signal)
      await file.set(server, undefined)
      return true
    },
    ownerLink: async (options) => {
      const { makeOwnerLink } = await import('./owner-link.ts')
      return makeOwnerLink(readConfiguration(options))
    },
  }
}

async function openCredentials(): Promise<CredentialFile> {
  const { createCredentialFile } = await import('./credential-file.ts')
  return createCredentialFile(readConfiguration().credentialFile)
}

/** A token is sent over https, or not off this machine. */
function originOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url === undefined || !(url.protocol === 'https:' || isLocal))
    throw hostErrors.URL_INVALID({ detail: address })
  return url.origin
}
