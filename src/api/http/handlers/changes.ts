import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type ChangeHandlers = Pick<
  Handlers,
  'getChange' | 'getChangedFile' | 'getTests' | 'listComments' | 'addComment' | 'resolveComment'
>

export function changeHandlers({ changes, comments }: Services): ChangeHandlers {
  return {
    getChange: ({ caller, params }) => changes.get(caller, params.runId),
    getChangedFile: ({ caller, params, query }) => changes.file(caller, params.runId, query),
    getTests: ({ caller, params }) => changes.tests(caller, params.runId),
    listComments: ({ caller, params, query }) => comments.list(caller, params.runId, query),
    addComment: ({ caller, params, body }) => comments.add(caller, params.runId, body),
    resolveComment: ({ caller, params }) => comments.resolve(caller, params.runId, params.commentId),
  }
}
