import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type RunViewHandlers = Pick<Handlers, 'getRunViews' | 'setRunViews'>

export function runViewHandlers({ runViews }: Pick<Services, 'runViews'>): RunViewHandlers {
  return {
    getRunViews: ({ caller }) => runViews.get(caller),
    setRunViews: ({ caller, body, assertUnchanged }) => runViews.set(caller, body, assertUnchanged),
  }
}
