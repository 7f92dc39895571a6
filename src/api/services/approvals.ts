import { sql } from 'kysely'
import type { Caller, RunView } from '../../contracts/index.ts'
import { approvalErrors, type ApprovalRequest } from '../../governance/approvals/index.ts'
import { digestOfSubject } from '../../governance/index.ts'
import type { RunId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { apiErrors } from '../errors.ts'
import { type Access, isOfProjects, scopeOf } from './access.ts'
import { openComments } from './comments.ts'
import { pageOfRows, readCursor } from './cursor.ts'
import type { FollowUps } from './follow-ups.ts'
import type { RunService } from './runs.ts'
import type { CoreServices } from './studio-services.ts'

export interface RunDecision {
  readonly decision: 'approved' | 'rejected'
  readonly reason: string | undefined
  /** Digest of what the person was shown; whatever is pending when absent. */
  readonly subject: string | undefined
}

export interface ApprovalDecision {
  readonly verdict: 'approved' | 'rejected' | 'changes-requested'
  readonly reason: string
  /** Digest of what the person was shown. */
  readonly subject: string
}

interface ApprovalQuery {
  readonly limit: number
  readonly after?: string | undefined
  readonly status?: ApprovalRequest['status'] | undefined
  readonly runId?: string | undefined
  readonly projectId?: string | undefined
}

interface Others {
  readonly access: Access
  readonly runs: RunService
  readonly followUps: FollowUps
}

/** What people decide about changes. */
export class ApprovalService {
  readonly #services: CoreServices
  readonly #others: Others

  constructor(services: CoreServices, others: Others) {
    this.#services = services
    this.#others = others
  }

  /** Newest first. @throws ATL_DOOR_DENIED */
  async list(caller: Caller, { limit, after, status, runId, projectId }: ApprovalQuery) {
    const { database, approvals } = this.#services
    const position = readCursor(after)
    const { tenantId } = caller.principal
    const reading = await this.#others.access.readProjects(caller, projectId)
    return database.transaction(reading.scope, async (tx) => {
      const rows = await approvalRows(tx, tenantId)
        .where(isOfProjects('approval_requests.project_id', reading))
        .$if(status !== undefined, (query) =>
          query.where('approval_requests.status', '=', status ?? 'pending'),
        )
        .$if(runId !== undefined, (query) => query.where('approval_requests.run_id', '=', runId ?? ''))
        .$if(position !== undefined, (query) =>
          query.where(
            sql<boolean>`(requested_at, approval_requests.id) < (${position?.time ?? ''}::timestamptz, ${position?.id ?? ''})`,
          ),
        )
        .limit(limit + 1)
        .execute()
      const shown = rows.slice(0, limit)
      const requests = await approvals.withIds(
        tx,
        tenantId,
        shown.map(({ id }) => id),
      )
      const byId = new Map(requests.map((request) => [request.id, request]))
      const items = shown.flatMap((row) => {
        const request = byId.get(row.id)
        return request === undefined ? [] : [view(request, row)]
      })
      return pageOfRows(rows, limit, (row) => ({ time: row.requested_at.toISOString(), id: row.id }), items)
    })
  }

  /** @throws ATL_APPROVAL_NOT_FOUND, ATL_DOOR_DENIED */
  async get(caller: Caller, approvalId: string) {
    const { tenantId } = caller.principal
    const { request, row } = await this.#services.database.transaction(scopeOf(caller), async (tx) => {
      const found = await approvalRows(tx, tenantId)
        .where('approval_requests.id', '=', approvalId)
        .executeTakeFirst()
      if (found === undefined) throw approvalErrors.NOT_FOUND({ detail: approvalId })
      const requests = await this.#services.approvals.ofRun(tx, tenantId, found.run_id as RunId)
      return { request: requests.find(({ id }) => id === approvalId), row: found }
    })
    if (request === undefined) throw approvalErrors.NOT_FOUND({ detail: approvalId })
    await this.#others.runs.read(caller, request.runId)
    return view(request, row)
  }

  /**
   * Decides about exactly the subject that was shown. Asking for changes starts a run of the same work item, for whoever
   * asked for it, that is told the reason and the open comments; where this process dies before it is started, another
   * one starts it.
   * @throws errors of APPROVAL, and ATL_APPROVAL_SUBJECT_CHANGED when the subject is another one by now
   */
  async decide(caller: Caller, approvalId: string, { verdict, reason, subject }: ApprovalDecision) {
    const { runs, followUps } = this.#others
    const { runId } = await this.get(caller, approvalId)
    const { tenantId } = caller.principal
    const scope = scopeOf(caller)
    await this.#services.approvals.decide({
      tenantId,
      requestId: approvalId,
      principal: caller.principal,
      verdict,
      reason,
      subjectDigest: subject,
      alongside: async (tx) => {
        if (verdict !== 'changes-requested') return
        const wishes = [reason, ...(await openComments(tx, { tenantId, runId }))]
        await followUps.record(tx, scope, { approvalId, runId, wishes })
      },
    })
    await runs.takeUpDecisions(scope, runId)
    await followUps.start(scope, approvalId)
    const approval = await this.get(caller, approvalId)
    return { approval, followUpRunId: approval.followUp?.runId ?? null }
  }

  /** Decides about what a run waits for. @throws ATL_STUDIO_NOT_WAITING and errors of APPROVAL */
  async decideRun(caller: Caller, runId: string, decision: RunDecision): Promise<RunView> {
    const { approvals, database } = this.#services
    const { runs } = this.#others
    const run = await runs.read(caller, runId)
    const scope = scopeOf(caller)
    const requests = await database.transaction(scope, (tx) => approvals.ofRun(tx, run.tenantId, run.runId))
    const pending = requests.findLast(({ status }) => status === 'pending')
    if (pending === undefined) throw apiErrors.NOT_WAITING({ detail: run.runId })
    await approvals.decide({
      tenantId: run.tenantId,
      requestId: pending.id,
      principal: caller.principal,
      verdict: decision.decision,
      reason: decision.reason ?? '',
      subjectDigest: decision.subject ?? digestOfSubject(pending.subject),
    })
    await runs.takeUpDecisions(scope, run.runId)
    return runs.get(caller, run.runId)
  }
}

/** Requests with what their run is about, newest first. */
export function approvalRows(tx: Tx, tenantId: string) {
  return tx
    .selectFrom('approval_requests')
    .leftJoin('work_items', (join) =>
      join
        .onRef('work_items.tenant_id', '=', 'approval_requests.tenant_id')
        .onRef('work_items.run_id', '=', 'approval_requests.run_id'),
    )
    .leftJoin('follow_ups', (join) =>
      join
        .onRef('follow_ups.tenant_id', '=', 'approval_requests.tenant_id')
        .onRef('follow_ups.approval_id', '=', 'approval_requests.id'),
    )
    .select(['follow_ups.follow_up_run_id', 'follow_ups.settled_at', 'follow_ups.problem'])
    .select([
      'approval_requests.id',
      'approval_requests.run_id',
      'approval_requests.requested_at',
      'work_items.title',
      'work_items.repository',
    ])
    .where('approval_requests.tenant_id', '=', tenantId)
    .orderBy('requested_at', 'desc')
    .orderBy('approval_requests.id', 'desc')
}

type ApprovalRow = Awaited<ReturnType<ReturnType<typeof approvalRows>['execute']>>[number]

/** What became of changes that were asked for: a run, a reason why there is none, or neither as yet. */
function viewFollowUp({ follow_up_run_id: runId, settled_at: settledAt, problem }: ApprovalRow) {
  if (runId === null) return null
  return { runId: settledAt !== null && problem === null ? runId : null, problem }
}

function view(request: ApprovalRequest, row: ApprovalRow) {
  const { title, repository } = row
  return {
    id: request.id,
    runId: request.runId,
    projectId: request.projectId,
    stepId: request.stepId,
    title: title ?? request.runId,
    repository: repository?.location ?? '',
    status: request.status,
    statusReason: request.statusReason,
    subject: request.subjectDigest,
    requestedAt: request.requestedAt.toISOString(),
    expiresAt: request.expiresAt.toISOString(),
    needed: request.needed,
    followUp: viewFollowUp(row),
    decisions: request.decisions.map(({ principalId, verdict, reason, decidedAt }) => ({
      by: principalId,
      verdict,
      reason,
      at: decidedAt.toISOString(),
    })),
  }
}
