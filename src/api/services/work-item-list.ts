import { sql } from 'kysely'
import type { RunStatus } from '../../contracts/index.ts'
import { defaultProject } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { isOfProjects, type Reading } from './access.ts'
import type { Position } from './cursor.ts'

/** Work items of a tenant, or of one of its repositories, newest first and behind a position. */
interface Span {
  readonly reading: Reading
  readonly location?: string | undefined
  readonly position?: Position | undefined
}

interface WorkItemQuery extends Span {
  readonly limit: number
  readonly text?: string | undefined
  readonly id?: string
  /** Of the last one to look at. */
  readonly end?: Position | undefined
}

/** Work items that one page looks at, at most: what is rare is found over several pages instead of in a slow one. */
const looksAt = 2000

/** Of a work item, to the microsecond as the database orders them. */
export const positionOfWorkItem =
  sql<string>`to_char(work_items.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as(
    'position',
  )

export function workItemsIn(tx: Tx, { reading, location, position }: Span, end?: Position) {
  return tx
    .selectFrom('work_items')
    .where('work_items.tenant_id', '=', reading.scope.tenantId)
    .where(isOfProjects('work_items.project_id', reading))
    .$if(location !== undefined, (query) => query.where('work_items.location', '=', location ?? ''))
    .$if(position !== undefined, (query) =>
      query.where(
        sql<boolean>`(work_items.created_at, work_items.id) < (${position?.time ?? ''}::timestamptz, ${position?.id ?? ''})`,
      ),
    )
    .$if(end !== undefined, (query) =>
      query
        .where(
          sql<boolean>`(work_items.created_at, work_items.id) >= (${end?.time ?? ''}::timestamptz, ${end?.id ?? ''})`,
        )
        // The same of the times alone, by which the planner sees how small the span is.
        .where(
          sql<boolean>`work_items.created_at between ${end?.time ?? ''}::timestamptz and ${position?.time ?? 'infinity'}::timestamptz`,
        ),
    )
    .orderBy('work_items.created_at', 'desc')
    .orderBy('work_items.id', 'desc')
}

/** Where one look ends that not every row will answer; undefined where it comes to the end of the list. */
export async function endOfLook(tx: Tx, span: Span): Promise<Position | undefined> {
  const row = await workItemsIn(tx, span)
    .select(['work_items.id', positionOfWorkItem])
    .offset(looksAt - 1)
    .limit(1)
    .executeTakeFirst()
  return row && { time: row.position, id: row.id }
}

/** For `ilike`: whatever holds the text, whose own signs mean nothing. */
export function patternOf(text: string): string {
  return `%${text.replaceAll('\0', '').replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
}

/** Work items with the run that works on each, newest first. */
export function workItemRows(tx: Tx, { limit, text, id, end, ...span }: WorkItemQuery) {
  return workItemsIn(tx, span, end)
    .leftJoin('runs', (join) =>
      join
        .onRef('runs.tenant_id', '=', 'work_items.tenant_id')
        .onRef('runs.run_id', '=', 'work_items.run_id'),
    )
    .selectAll('work_items')
    .select([
      'runs.run_id as found_run_id',
      sql<RunStatus | null>`runs.status`.as('run_status'),
      positionOfWorkItem,
    ])
    .$if(id !== undefined, (query) => query.where('work_items.id', '=', id ?? ''))
    .$if(text !== undefined, (query) => query.where('work_items.title', 'ilike', patternOf(text ?? '')))
    .limit(limit)
    .execute()
}

type WorkItemRow = Awaited<ReturnType<typeof workItemRows>>[number]

/** A work item for the list. */
export function summariseWorkItem(row: WorkItemRow) {
  const { found_run_id: runId, run_status: status } = row
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
