import { isFeedPosition, type Services } from '../../services/index.ts'
import { httpErrors } from '../errors.ts'
import type { Handlers, StreamEvent } from '../handler.ts'

type RunHandlers = Pick<
  Handlers,
  | 'listRuns'
  | 'getRun'
  | 'watchRun'
  | 'watchTenant'
  | 'decideRun'
  | 'cancelRun'
  | 'replyToRun'
  | 'resumeRun'
  | 'getRunPlan'
  | 'getStep'
  | 'listStepLog'
  | 'listActs'
  | 'getTrace'
>

export function runHandlers({ runs, runDetails, approvals, questions, events }: Services): RunHandlers {
  return {
    listRuns: ({ caller, query }) => runs.list(caller, query),
    getRun: ({ caller, params }) => runs.get(caller, params.runId),
    watchRun: async ({ caller, params, query: { follow }, signal, lastEventId }) => {
      const afterSequence = sequenceOf(lastEventId)
      const happened = await runs.watch(caller, params.runId, { afterSequence, follow, signal })
      return numbered(happened, ({ sequence }) => String(sequence))
    },
    watchTenant: async ({ caller, signal, lastEventId }) => {
      if (lastEventId !== undefined && !isFeedPosition(lastEventId)) throw unknownPosition()
      return events.watch(caller, lastEventId, signal)
    },
    decideRun: ({ caller, params, body: { decision, reason, subject } }) =>
      approvals.decideRun(caller, params.runId, { decision, reason, subject }),
    cancelRun: ({ caller, params, body }) => runs.cancel(caller, params.runId, body.reason),
    replyToRun: ({ caller, params, body }) => questions.reply(caller, params.runId, body),
    resumeRun: ({ caller, params }) => runs.resume(caller, params.runId),
    getRunPlan: ({ caller, params }) => runDetails.plan(caller, params.runId),
    getStep: ({ caller, params }) => runDetails.step(caller, params.runId, params.stepId),
    listStepLog: ({ caller, params, query }) => runDetails.log(caller, params.runId, params.stepId, query),
    listActs: ({ caller, params, query }) => runDetails.acts(caller, params.runId, query),
    getTrace: ({ caller, params }) => runDetails.trace(caller, params.runId),
  }
}

async function* numbered<T>(
  items: AsyncIterable<T>,
  idOf: (item: T) => string,
): AsyncGenerator<StreamEvent<T>> {
  for await (const item of items) yield { id: idOf(item), data: item }
}

/** The position in a run's events that a client says it has. @throws ATL_API_REQUEST_INVALID */
function sequenceOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined) return 0
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId)
  throw unknownPosition()
}

function unknownPosition() {
  return httpErrors.REQUEST_INVALID({ detail: 'Last-Event-ID is no position in this stream' })
}
