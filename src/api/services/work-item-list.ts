import { sql } from 'kysely'
import type { RunStatus } from '../../contracts/index.ts'
import { defaultProject } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { isOfProjects, type Reading } from './access.ts'
import type { Position } from './cursor.ts'

interface WorkItemQuery {
  readonly reading: Reading
  readonly limit: number
  readonly position?: Position | undefined
  readonly text?: string | undefined
  readonly id?: string
}

/** Work items with the run that works on each, newest first. */
export function workItemRows(tx: Tx, { reading, limit, position, text, id }: WorkItemQuery) {
  const pattern = `%${(text ?? '').replaceAll('\0', '').replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
  return tx
    .selectFrom('work_items')
    .leftJoin('runs', (join) =>
      join
        .onRef('runs.tenant_id', '=', 'work_items.tenant_id')
        .on('runs.run_id', '=', sql<string>`'run_' || substr(work_items.id, 6)`),
    )
    .selectAll('work_items')
    .select(['runs.run_id', sql<RunStatus | null>`runs.status`.as('run_status')])
    .select(
      sql<string>`to_char(work_items.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as(
        'position',
      ),
    )
    .where('work_items.tenant_id', '=', reading.scope.tenantId)
    .where(isOfProjects('work_items.project_id', reading))
    .$if(id !== undefined, (query) => query.where('work_items.id', '=', id ?? ''))
    .$if(text !== undefined, (query) => query.where('work_items.title', 'ilike', pattern))
    .$if(position !== undefined, (query) =>
      query.where(
        sql<boolean>`(work_items.created_at, work_items.id) < (${position?.time ?? ''}::timestamptz, ${position?.id ?? ''})`,
      ),
    )
    .orderBy('work_items.created_at', 'desc')
    .orderBy('work_items.id', 'desc')
    .limit(limit)
    .execute()
}

type WorkItemRow = Awaited<ReturnType<typeof workItemRows>>[number]

/** A work item for the list. */
export function summariseWorkItem(row: WorkItemRow) {
  const { run_id: runId, run_status: status } = row
  return {
    id: row.id,
    projectId: row.project_id ?? defaultProject,
    title: row.title,
    source: row.source,
    requester: row.principal_id,
    repository: row.repository.location,
    createdAt: row.created_at.toISOString(),
    run: runId === null || status === null ? null : { id: runId, status },
  }
}

/** A work item with all that was asked. */
export function viewWorkItem(row: WorkItemRow) {
  return {
    ...summariseWorkItem(row),
    body: row.body,
    revision: row.repository.revision ?? null,
    testCommand: row.test_command,
  }
}
