import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

export function identityHandlers({ people }: Services): Pick<Handlers, 'getMe'> {
  return {
    getMe: async ({ caller }) => {
      const { id, kind, roles } = caller.principal
      return { id, kind, roles, via: caller.via, scopes: caller.scopes, ...(await people.describe(caller)) }
    },
  }
}
