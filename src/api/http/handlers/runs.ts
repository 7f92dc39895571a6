import type { Services } from '../../services/index.ts'
import { httpErrors } from '../errors.ts'
import type { Handlers } from '../handler.ts'

type RunHandlers = Pick<Handlers, 'listRuns' | 'getRun' | 'watchRun' | 'cancelRun' | 'resumeRun'>

export function runHandlers({ runs }: Services): RunHandlers {
  return {
    listRuns: ({ caller, query }) => runs.list(caller, query),
    getRun: ({ caller, params }) => runs.get(caller, params.runId),
    watchRun: async function* ({ caller, params, signal, lastEventId }) {
      const afterSequence = sequenceOf(lastEventId)
      const events = runs.watch(caller, params.runId, { afterSequence, follow: true, signal })
      for await (const event of events) yield { id: String(event.sequence), data: event }
    },
    cancelRun: ({ caller, params, body }) => runs.cancel(caller, params.runId, body.reason),
    resumeRun: ({ caller, params }) => runs.resume(caller, params.runId),
  }
}

/** The position in a run's events that a client says it has. @throws ATL_API_REQUEST_INVALID */
function sequenceOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined) return 0
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId)
  throw httpErrors.REQUEST_INVALID({ detail: 'Last-Event-ID is no sequence number of this stream' })
}
