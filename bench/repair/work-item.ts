import type { WorkItem } from '../../src/contracts/index.ts'
import { createId } from '../../src/kernel/index.ts'

export function workItemOf(title: string, directory: string, issue: string): WorkItem {
  return {
    id: createId('wrk'),
    title: title.slice(0, 500),
    body: issue,
    source: 'cli',
    reporter: 'person:owner',
    repository: { location: directory },
    task: { kind: 'repair' },
    labels: [],
    createdAt: new Date(0).toISOString(),
  }
}
