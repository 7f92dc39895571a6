import type { StepMoment } from '../../run/run-history.ts'
import type { WorkflowDetail } from '../queries.ts'

type Definition = WorkflowDetail['definition']

/** Steps of a definition as the diagram of runs draws them; nothing of them has happened. */
export function momentsOf(definition: Definition): readonly StepMoment[] {
  return definition.steps.map(({ id, title, kind, uses, needs, over }) => ({
    id,
    title: title ?? id,
    kind,
    needs,
    status: 'ready',
    attempts: [],
    progress: `${kind} · ${uses}${over === undefined ? '' : ' · for each'}`,
  }))
}
