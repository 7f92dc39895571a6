import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type WorkItemHandlers = Pick<Handlers, 'submitWorkItem' | 'previewWorkItem' | 'listWorkItems' | 'getWorkItem'>

export function workItemHandlers({ workItems, preview }: Services): WorkItemHandlers {
  return {
    submitWorkItem: ({ caller, body, idempotencyKey }) => {
      // A key is the caller's own, whatever keys others use.
      const key = idempotencyKey && `${caller.principal.id}\n${idempotencyKey}`
      return workItems.submit(caller, body, { source: 'api', key })
    },
    previewWorkItem: ({ caller, body }) => preview.preview(caller, body),
    listWorkItems: ({ caller, query }) => workItems.list(caller, query),
    getWorkItem: ({ caller, params }) => workItems.get(caller, params.workItemId),
  }
}
