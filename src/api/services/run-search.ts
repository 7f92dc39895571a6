import { sql } from 'kysely'
import type { RunOutcome, RunStatus } from '../../contracts/index.ts'
import { digestOfValue, type RunId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { isOfProjects, type Reading } from './access.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { endOfLook, patternOf, positionOfWorkItem, workItemsIn } from './work-item-list.ts'

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
  /** Words, or parts of words, that the title holds in any order; or a part of the id. */
  readonly text?: string | undefined
}

export interface FoundRuns {
  /** Newest first. */
  readonly runIds: readonly RunId[]
  readonly next: string | null
}

/** The runs that a query is about; those that other runs have started are left out. */
export function findRuns(tx: Tx, reading: Reading, query: RunQuery): Promise<FoundRuns> {
  const isAboutWork = query.repository !== undefined || query.text !== undefined
  return isAboutWork ? findRunsByWork(tx, reading, query) : findRunsByState(tx, reading, query)
}

async function findRunsByState(tx: Tx, reading: Reading, query: RunQuery): Promise<FoundRuns> {
  const { limit } = query
  const after = readCursor(query.after)
  const rows = await tx
    .selectFrom('runs')
    .select(['runs.run_id', 'runs.created_at'])
    .where('runs.tenant_id', '=', reading.scope.tenantId)
    .where(isOfProjects('runs.project_id', reading))
    .where(stateOf(query))
    .$if(after !== undefined, (select) =>
      select.where(
        sql<boolean>`(runs.created_at, runs.run_id) < (${after?.time ?? ''}::timestamptz, ${after?.id ?? ''})`,
      ),
    )
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

/** In the order in which the work was asked for. */
async function findRunsByWork(tx: Tx, reading: Reading, query: RunQuery): Promise<FoundRuns> {
  const { limit, repository, text, status, outcome, requester } = query
  const span = { reading, location: repository, position: readCursor(query.after) }
  const isSparse = [text, status, outcome, requester].some((each) => each !== undefined)
  const end = isSparse ? await endOfLook(tx, span) : undefined
  const rows = await workItemsIn(tx, span, end)
    .innerJoin('runs', (join) =>
      join
        .onRef('runs.tenant_id', '=', 'work_items.tenant_id')
        .onRef('runs.run_id', '=', 'work_items.run_id'),
    )
    .select(['runs.run_id', 'work_items.id', positionOfWorkItem])
    .where(stateOf(query))
    .$if(text !== undefined, (select) => select.where(holds(text ?? '')))
    .limit(limit + 1)
    .execute()
  const last = rows.length > limit ? rows[limit - 1] : undefined
  const next = last === undefined ? end : { time: last.position, id: last.id }
  return {
    runIds: rows.slice(0, limit).map((row) => row.run_id as RunId),
    next: next === undefined ? null : writeCursor(next),
  }
}

function stateOf({ status, outcome, requester }: RunQuery) {
  return sql<boolean>`${sql.join(
    [
      sql`runs.parent_run_id is null`,
      ...(status === undefined ? [] : [sql`runs.status = ${status}`]),
      ...(outcome === undefined ? [] : [endedWith(outcome)]),
      ...(requester === undefined ? [] : [sql`runs.principal_id = ${requester}`]),
    ],
    sql` and `,
  )}`
}

/** Results are stored once by their digest, and every workflow that ends a work item results in nothing but its outcome. */
function endedWith(outcome: RunOutcome) {
  if (outcome === 'failed' || outcome === 'cancelled') return sql<boolean>`runs.status = ${outcome}`
  return sql<boolean>`runs.status = 'succeeded' and runs.result_digest = ${digestOfValue({ outcome })}`
}

/** Whether the title holds every word of a text, wherever, or the run's id holds the text; whatever their case. */
function holds(text: string) {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const inTitle = words.map((word) => sql`work_items.title ilike ${patternOf(word)}`)
  return sql<boolean>`(${sql.join(inTitle.length === 0 ? [sql`true`] : inTitle, sql` and `)}
    or work_items.run_id ilike ${patternOf(text.trim())})`
}
