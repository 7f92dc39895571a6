import type { ToolContext, WorkItem } from '../../src/contracts/index.ts'
import { createId, type Logger, type PrincipalId, type RunId, type TenantId } from '../../src/kernel/index.ts'

export function workItemOf(title: string, directory: string, issue: string): WorkItem {
  return {
    id: createId('wrk'),
    title: title.slice(0, 500),
    body: issue,
    source: 'cli',
    reporter: 'person:owner',
    repository: { location: directory },
    task: { kind: 'repair' },
    createdAt: new Date(0).toISOString(),
  }
}

export function contextOf(logger: Logger, onReport: (message: string) => void): ToolContext {
  const tenantId = 'ten_bench' as TenantId
  return {
    tenantId,
    runId: createId('run') as RunId,
    stepId: 'bench',
    attempt: 1,
    principal: {
      kind: 'person',
      id: 'person:owner' as PrincipalId,
      tenantId,
      roles: ['owner'],
      onBehalfOf: undefined,
    },
    idempotencyKey: createId('key'),
    signal: new AbortController().signal,
    logger,
    report: onReport,
  }
}
