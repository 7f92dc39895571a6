import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

export function repositoryHandlers({
  repositories,
}: Pick<Services, 'repositories'>): Pick<Handlers, 'setRepositoryTrust'> {
  return {
    setRepositoryTrust: ({ caller, body }) => repositories.setTrust(caller, body),
  }
}
