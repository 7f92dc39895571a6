import os from 'node:os'
import type { CliContext } from '../cli/index.ts'
import { readConfiguration } from './configuration.ts'
import { openCredentials, originOf } from './remote-place.ts'

/** What the commands about signing in need of this machine. */
export function createSignInContext(signal: AbortSignal): CliContext['signIn'] {
  return {
    at: async (address, { show, isDefault }) => {
      const server = originOf(address)
      const { signInAt } = await import('./device-sign-in.ts')
      const signedIn = await signInAt(server, `atelier on ${os.hostname()}`, show, signal)
      await (await openCredentials()).put(server, signedIn, isDefault)
      return signedIn.principal
    },
    out: async (address) => {
      const server = originOf(address)
      const file = await openCredentials()
      const { signOutAt } = await import('./device-sign-in.ts')
      const stored = (await file.read()).servers[server]
      if (stored === undefined) return false
      await signOutAt(server, stored.token, signal)
      await file.remove(server)
      return true
    },
    ownerLink: async (options) => {
      const { makeOwnerLink } = await import('./owner-link.ts')
      return makeOwnerLink(readConfiguration(options))
    },
  }
}
