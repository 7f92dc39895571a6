import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

export function identityHandlers({
  people,
  rights,
}: Pick<Services, 'people' | 'rights'>): Pick<Handlers, 'getMe' | 'listRights'> {
  return {
    getMe: async ({ caller }) => {
      const { id, kind, roles, projectRoles = {} } = caller.principal
      const { via, scopes } = caller
      const may = rights.inTenant(caller)
      const [own, mayInProjects] = await Promise.all([people.describe(caller), rights.inProjects(caller)])
      return { id, kind, roles, projectRoles, may, mayInProjects, via, scopes, ...own }
    },
    listRights: ({ caller }) => Promise.resolve({ items: rights.withRoles(caller) }),
  }
}
