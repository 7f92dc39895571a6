import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

export function identityHandlers({ people }: Services): Pick<Handlers, 'getMe'> {
  return {
    getMe: async ({ caller }) => {
      const { id, kind, roles, projectRoles = {} } = caller.principal
      const { via, scopes } = caller
      const may = people.rightsOf(caller)
      return { id, kind, roles, projectRoles, may, via, scopes, ...(await people.describe(caller)) }
    },
  }
}
