import os from 'node:os'
import type { CliContext } from '../cli/index.ts'
import { readConfiguration } from './configuration.ts'
import { createCredentialFile } from './credential-file.ts'
import { signInAt, signOutAt } from './device-sign-in.ts'
import { hostErrors } from './errors.ts'
import { makeOwnerLink } from './owner-link.ts'

/** What the commands about signing in need of this machine. */
export function createSignInContext(signal: AbortSignal): CliContext['signIn'] {
  const file = createCredentialFile(readConfiguration().credentialFile)
  return {
    at: async (address, show) => {
      const server = originOf(address)
      const signedIn = await signInAt(server, `atelier on ${os.hostname()}`, show, signal)
      await file.set(server, signedIn)
      return signedIn.principal
    },
    out: async (address) => {
      const server = originOf(address)
      const stored = (await file.read())[server]
      if (stored === undefined) return false
      await signOutAt(server, stored.token, signal)
      await file.set(server, undefined)
      return true
    },
    ownerLink: (options) => makeOwnerLink(readConfiguration(options)),
  }
}

/** A token is sent over https, or not off this machine. */
function originOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url === undefined || !(url.protocol === 'https:' || isLocal))
    throw hostErrors.URL_INVALID({ detail: address })
  return url.origin
}
