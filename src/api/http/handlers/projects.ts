import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'
import { pageFrom } from './position.ts'

type ProjectHandlers = Pick<Handlers, 'listProjects' | 'getProject' | 'createProject' | 'changeProject'>

export function projectHandlers({ projects }: Pick<Services, 'projects'>): ProjectHandlers {
  return {
    listProjects: async ({ caller, query: { after, limit, archived } }) => {
      const found = await projects.list(caller, { after, limit: limit + 1, archived })
      return pageFrom(found, limit, ({ id }) => id)
    },
    getProject: ({ caller, params }) => projects.get(caller, params.projectId),
    createProject: ({ caller, body }) => projects.create(caller, body),
    changeProject: ({ caller, params, body }) => projects.change(caller, params.projectId, body),
  }
}
