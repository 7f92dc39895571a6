import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

export function workItemHandlers({ workItems }: Services): Pick<Handlers, 'submitWorkItem'> {
  return {
    submitWorkItem: ({ caller, body, idempotencyKey }) => {
      const key = idempotencyKey && `${caller.principal.id}\n${idempotencyKey}`
      return workItems.submit(caller, body, { source: 'api', key })
    },
  }
}
