import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

export function installationHandlers({
  installation,
}: Pick<Services, 'installation'>): Pick<Handlers, 'getHealth' | 'getFlow'> {
  return {
    getHealth: ({ caller }) => installation.health(caller),
    getFlow: ({ caller, query }) => installation.flow(caller, query.days),
  }
}
