import type { RunFilter } from '../api/index.ts'

interface Stage {
  readonly words: string
  readonly values: Pick<RunFilter, 'status' | 'outcome'>
}

/** Where a run stands, as people look for it: by its status while it goes on, and by what came of it afterwards. */
export const stages: readonly Stage[] = [
  { words: 'All', values: {} },
  { words: 'Running', values: { status: 'running' } },
  { words: 'Waiting', values: { status: 'waiting' } },
  { words: 'Delivered', values: { outcome: 'delivered' } },
  { words: 'Needs a person', values: { outcome: 'escalated' } },
  { words: 'Failed', values: { status: 'failed' } },
  { words: 'Rejected', values: { outcome: 'rejected' } },
  { words: 'Cancelled', values: { status: 'cancelled' } },
]

/** What the query of an address asks for; values that mean nothing are passed over. */
export function filterOf(values: Readonly<Record<string, string | undefined>>): RunFilter {
  const { text, repository, requester, projectId } = values
  const stage = stages.find(
    (each) => each.values.status === values['status'] && each.values.outcome === values['outcome'],
  )
  return {
    ...stage?.values,
    ...(text === undefined || text === '' ? {} : { text }),
    ...(repository === undefined ? {} : { repository }),
    ...(requester === undefined ? {} : { requester }),
    ...(projectId === undefined ? {} : { projectId }),
  }
}
