import { sql } from 'kysely'
import type { RunOutcome, RunStatus } from '../../contracts/index.ts'
import { digestOfValue, type RunId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { isOfProjects, type Reading } from './access.ts'
import { type Position, readCursor, writeCursor } from './cursor.ts'

export interface RunQuery {
  readonly limit: number
  readonly after?: string | undefined
  readonly status?: RunStatus | undefined
  readonly outcome?: RunOutcome | undefined
  /** Only runs of this project. */
  readonly projectId?: string | undefined
  /** Location of the repository. */
  readonly repository?: string | undefined
  readonly requester?: string | undefined
  /** Part of the title or of the id. */
  readonly text?: string | undefined
}

export interface FoundRuns {
  /** Newest first. */
  readonly runIds: readonly RunId[]
  readonly next: string | null
}

/** The runs that a query is about; those that other runs have started are left out. */
export async function findRuns(tx: Tx, reading: Reading, query: RunQuery): Promise<FoundRuns> {
  const { limit, status, outcome, repository, requester, text } = query
  const after = readCursor(query.after)
  let select = tx
    .selectFrom('runs')
    .select(['runs.run_id', 'runs.created_at'])
    .where('runs.tenant_id', '=', reading.scope.tenantId)
    .where(isOfProjects('runs.project_id', reading))
    .where('runs.parent_run_id', 'is', null)
  if (status !== undefined) select = select.where('runs.status', '=', status)
  if (outcome !== undefined) select = select.where(endedWith(outcome))
  if (requester !== undefined) select = select.where('runs.principal_id', '=', requester)
  if (repository !== undefined || text !== undefined)
    select = select
      .leftJoin('work_items', (join) =>
        join
          .onRef('work_items.tenant_id', '=', 'runs.tenant_id')
          .on('work_items.id', '=', sql<string>`'work_' || substr(runs.run_id, 5)`),
      )
      .$if(repository !== undefined, (one) =>
        one.where(sql<string>`work_items.repository ->> 'location'`, '=', repository ?? ''),
      )
      .$if(text !== undefined, (one) => one.where(holds(text ?? '')))
  if (after !== undefined) select = select.where(before(after))
  const rows = await select
    .orderBy('runs.created_at', 'desc')
    .orderBy('runs.run_id', 'desc')
    .limit(limit + 1)
    .execute()
  const last = rows[limit - 1]
  return {
    runIds: rows.slice(0, limit).map((row) => row.run_id as RunId),
    next:
      rows.length > limit && last !== undefined
        ? writeCursor({ time: last.created_at.toISOString(), id: last.run_id })
        : null,
  }
}

function before({ time, id }: Position) {
  return sql<boolean>`(runs.created_at, runs.run_id) < (${time}::timestamptz, ${id})`
}

/** Results are stored once by their digest, and every workflow that ends a work item results in nothing but its outcome. */
function endedWith(outcome: RunOutcome) {
  if (outcome === 'failed' || outcome === 'cancelled') return sql<boolean>`runs.status = ${outcome}`
  return sql<boolean>`runs.status = 'succeeded' and runs.result_digest = ${digestOfValue({ outcome })}`
}

/** Whether the title or the id holds a text, whatever its case. */
function holds(text: string) {
  const pattern = `%${text.replaceAll('\0', '').replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
  return sql<boolean>`(work_items.title ilike ${pattern} or runs.run_id ilike ${pattern})`
}
