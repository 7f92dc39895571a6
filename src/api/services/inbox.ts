import { sql } from 'kysely'
import type { Caller } from '../../contracts/index.ts'
import { digestOfValue, type PrincipalId, type ProjectId, type RunId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { type Access, isOfProjects, type Reading, runResource, scopeOf } from './access.ts'
import { type Position, readCursor, writeCursor } from './cursor.ts'
import { describeEntry, type Entry, type InboxKind } from './inbox-item.ts'
import type { RunService } from './runs.ts'
import type { CoreServices } from './studio-services.ts'

interface InboxQuery {
  readonly limit: number
  readonly after?: string | undefined
  readonly kind?: InboxKind | undefined
  readonly projectId?: string | undefined
}

interface EntryQuery {
  readonly caller: Caller
  readonly reading: Reading
  readonly position: Position | undefined
  readonly limit: number
  readonly now: Date
}

/** What ended unhappily stays in the inbox for so long. */
const keptMs = 14 * 24 * 3_600_000

/** What waits for a person. */
export class InboxService {
  readonly #services: CoreServices
  readonly #access: Access
  readonly #runs: RunService

  constructor(services: CoreServices, access: Access, runs: RunService) {
    this.#services = services
    this.#access = access
    this.#runs = runs
  }

  /**
   * Approvals that the caller may give, questions that the caller may answer, and runs that ended without a change and that
   * the caller may do something about; newest first.
   */
  async list(caller: Caller, { limit, after, kind, projectId }: InboxQuery) {
    const reading = await this.#access.readProjects(caller, projectId)
    const { scope } = reading
    const now = new Date(this.#services.clock.now())
    const query: EntryQuery = { caller, reading, position: readCursor(after), limit: limit + 1, now }
    const found = await this.#services.database.transaction(scope, async (tx) => [
      ...(kind === undefined || kind === 'approval' ? await pendingApprovals(tx, query) : []),
      ...(kind === undefined || kind === 'question' ? await openQuestions(tx, query) : []),
      ...(await unhappyRuns(tx, query, kind, this.#steered(query))),
    ])
    const entries = found
      .sort((a, b) => b.since.getTime() - a.since.getTime() || (a.id < b.id ? 1 : -1))
      .slice(0, limit + 1)
    const last = entries[limit - 1]
    const shown = entries.slice(0, limit).filter((entry) => this.#concerns(caller, entry))
    const runs = await this.#runs.getAll(
      caller,
      shown.map(({ runId }) => runId),
    )
    return {
      items: shown.flatMap((entry) => {
        const run = runs.get(entry.runId)
        return run === undefined ? [] : [describeEntry(entry, run)]
      }),
      next:
        entries.length > limit && last !== undefined
          ? writeCursor({ time: last.since.toISOString(), id: last.id })
          : null,
    }
  }

  /** Takes a run that ended unhappily out of the caller's own inbox, until it does so again. */
  async dismiss(caller: Caller, runId: string): Promise<void> {
    const run = await this.#runs.read(caller, runId)
    const now = new Date(this.#services.clock.now())
    const { tenantId, id } = caller.principal
    await this.#services.database.transaction(scopeOf(caller), async (tx) => {
      // What is too old for the inbox need not be kept out of it.
      await tx
        .deleteFrom('inbox_dismissals')
        .where('tenant_id', '=', tenantId)
        .where('principal_id', '=', id)
        .where('dismissed_at', '<', new Date(now.getTime() - keptMs))
        .execute()
      await tx
        .insertInto('inbox_dismissals')
        .values({ tenant_id: tenantId, principal_id: id, run_id: run.runId, dismissed_at: now })
        .onConflict((conflict) =>
          conflict.columns(['tenant_id', 'principal_id', 'run_id']).doUpdateSet({ dismissed_at: now }),
        )
        .execute()
    })
  }

  /** The projects in which the caller may steer runs that others have asked for. */
  #steered({ caller, reading }: EntryQuery): readonly ProjectId[] {
    const { tenantId } = caller.principal
    return reading.projects.filter((projectId) => {
      const ofOthers = {
        tenantId,
        projectId,
        runId: 'run' as RunId,
        principalId: 'person:somebody' as PrincipalId,
      }
      return this.#access.permits(caller, { action: 'resume-run', resource: runResource(ofOthers) })
    })
  }

  #concerns(caller: Caller, { kind, id, runId, projectId, requester }: Entry): boolean {
    const { tenantId, id: self } = caller.principal
    if (kind === 'question') {
      const resource = runResource({ tenantId, projectId, runId, principalId: requester })
      return this.#access.permits(caller, { action: 'answer-question', resource })
    }
    if (kind !== 'approval') return true
    return this.#access.permits(caller, {
      action: 'decide-approval',
      resource: { kind: 'approval', tenantId, projectId, approvalId: id, runId },
      context: { decision: 'approved', inLineage: requester === self },
    })
  }
}

export async function pendingApprovals(
  tx: Tx,
  { caller, reading, position, limit, now }: EntryQuery,
): Promise<Entry[]> {
  const rows = await tx
    .selectFrom('approval_requests')
    .innerJoin('runs', (join) =>
      join
        .onRef('runs.tenant_id', '=', 'approval_requests.tenant_id')
        .onRef('runs.run_id', '=', 'approval_requests.run_id'),
    )
    .select(['id', 'approval_requests.run_id', 'requested_at', 'expires_at', 'subject_digest'])
    .select(['runs.principal_id', 'runs.project_id'])
    .where('approval_requests.tenant_id', '=', caller.principal.tenantId)
    .where(isOfProjects('approval_requests.project_id', reading))
    .where('approval_requests.status', '=', 'pending')
    .where('expires_at', '>', now)
    .$if(position !== undefined, (query) =>
      query.where(
        sql<boolean>`(requested_at, id) < (${position?.time ?? ''}::timestamptz, ${position?.id ?? ''})`,
      ),
    )
    .orderBy('requested_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    kind: 'approval',
    id: row.id,
    runId: row.run_id as RunId,
    projectId: row.project_id as ProjectId,
    requester: row.principal_id as PrincipalId,
    since: row.requested_at,
    subject: row.subject_digest,
    expiresAt: row.expires_at,
  }))
}

/** What agents wait to be told: looked for among the runs that wait, of which there are as many as people let wait. */
export async function openQuestions(
  tx: Tx,
  { caller, reading, position, limit, now }: EntryQuery,
): Promise<Entry[]> {
  const asked = sql<Date>`(run_steps.waiting #>> '{payload,askedAt}')::timestamptz`
  const expires = sql<Date>`(run_steps.waiting #>> '{payload,expiresAt}')::timestamptz`
  const rows = await tx
    .selectFrom('runs')
    .innerJoin('run_steps', (join) =>
      join.onRef('run_steps.tenant_id', '=', 'runs.tenant_id').onRef('run_steps.run_id', '=', 'runs.run_id'),
    )
    .select(['runs.run_id', 'runs.project_id', 'runs.principal_id'])
    .select([asked.as('asked_at'), expires.as('expires_at')])
    .where('runs.tenant_id', '=', caller.principal.tenantId)
    .where(isOfProjects('runs.project_id', reading))
    .where('runs.status', '=', 'waiting')
    .where('runs.parent_run_id', 'is', null)
    .where('run_steps.status', '=', 'waiting')
    .where(sql<boolean>`run_steps.waiting #>> '{payload,askedAt}' is not null`)
    .where(expires, '>', now)
    .$if(position !== undefined, (query) =>
      query.where(
        sql<boolean>`(${asked}, runs.run_id) < (${position?.time ?? ''}::timestamptz, ${position?.id ?? ''})`,
      ),
    )
    .orderBy(asked, 'desc')
    .orderBy('runs.run_id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    kind: 'question',
    id: row.run_id,
    runId: row.run_id as RunId,
    projectId: row.project_id as ProjectId,
    requester: row.principal_id as PrincipalId,
    since: row.asked_at,
    subject: null,
    expiresAt: row.expires_at,
  }))
}

/** Each kind by an index of its own. */
export async function unhappyRuns(
  tx: Tx,
  query: EntryQuery,
  kind: InboxKind | undefined,
  steered: readonly ProjectId[],
): Promise<Entry[]> {
  const kinds = (['escalation', 'failure'] as const).filter((each) => kind === undefined || kind === each)
  const found = []
  for (const each of kinds) found.push(...(await endedAs(tx, query, each, steered)))
  return found
}

async function endedAs(
  tx: Tx,
  { caller, reading, position, limit, now }: EntryQuery,
  kind: 'escalation' | 'failure',
  steered: readonly ProjectId[],
): Promise<Entry[]> {
  const escalated = sql<boolean>`status = 'succeeded' and result_digest = ${digestOfValue({ outcome: 'escalated' })}`
  const rows = await tx
    .selectFrom('runs')
    .select(['run_id', 'project_id', 'principal_id', 'ended_at'])
    .where('tenant_id', '=', caller.principal.tenantId)
    .where(isOfProjects('project_id', reading))
    .where('parent_run_id', 'is', null)
    .where('ended_at', '>', new Date(now.getTime() - keptMs))
    .where(kind === 'escalation' ? escalated : sql<boolean>`status = 'failed'`)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('inbox_dismissals as seen')
            .whereRef('seen.tenant_id', '=', 'runs.tenant_id')
            .where('seen.principal_id', '=', caller.principal.id)
            .whereRef('seen.run_id', '=', 'runs.run_id')
            .whereRef('seen.dismissed_at', '>=', 'runs.ended_at'),
        ),
      ),
    )
    .$if(steered.length < reading.projects.length, (query) =>
      query.where(sql<boolean>`(principal_id = ${caller.principal.id} or project_id = any (${steered}))`),
    )
    .$if(position !== undefined, (query) =>
      query.where(
        sql<boolean>`(ended_at, run_id) < (${position?.time ?? ''}::timestamptz, ${position?.id ?? ''})`,
      ),
    )
    .orderBy('ended_at', 'desc')
    .orderBy('run_id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    kind,
    id: row.run_id,
    runId: row.run_id as RunId,
    projectId: row.project_id as ProjectId,
    requester: row.principal_id as PrincipalId,
    since: row.ended_at ?? now,
    subject: null,
    expiresAt: null,
  }))
}
