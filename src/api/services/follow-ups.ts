import type { Caller } from '../../contracts/index.ts'
import type { TenantScope } from '../../engine/index.ts'
import { findPrincipal } from '../../governance/index.ts'
import { AtelierError, type RunId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { apiErrors } from '../errors.ts'
import type { CoreServices } from './studio-services.ts'
import { runIdFor, type WorkItemService } from './work-items.ts'

/** Changes that somebody asked for. */
export interface Wish {
  /** The approval whose change was sent back; one run follows from it. */
  readonly approvalId: string
  readonly runId: RunId
  /** What is wanted otherwise, a line each. */
  readonly wishes: readonly string[]
}

/** How many are looked at in one round. */
const atOnce = 50

/**
 * Runs that take up what people asked for about a change. A wish is on the record in the transaction of the decision, and its
 * run is started from there, under an id that follows from the approval: whenever a process dies, there is one in the end.
 */
export class FollowUps {
  readonly #services: CoreServices
  readonly #workItems: WorkItemService

  constructor(services: CoreServices, workItems: WorkItemService) {
    this.#services = services
    this.#workItems = workItems
  }

  /** To be called in the transaction of the decision. */
  async record(tx: Tx, { tenantId, principalId }: TenantScope, wish: Wish): Promise<void> {
    await tx
      .insertInto('follow_ups')
      .values({
        tenant_id: tenantId,
        approval_id: wish.approvalId,
        run_id: wish.runId,
        follow_up_run_id: runIdFor(tenantId, wish.approvalId),
        wishes: JSON.stringify(wish.wishes),
        principal_id: principalId,
        created_at: new Date(this.#services.clock.now()),
      })
      .execute()
  }

  /** Starts what is on the record and not under way: of one approval, or all; what fails is kept with it, or tried again. */
  async start(scope: TenantScope, approvalId?: string): Promise<void> {
    const rows = await this.#services.database.transaction(scope, (tx) =>
      tx
        .selectFrom('follow_ups')
        .select(['approval_id', 'run_id', 'follow_up_run_id', 'wishes'])
        .where('tenant_id', '=', scope.tenantId)
        .where('settled_at', 'is', null)
        .$if(approvalId !== undefined, (query) => query.where('approval_id', '=', approvalId ?? ''))
        .orderBy('created_at')
        .limit(atOnce)
        .execute(),
    )
    for (const row of rows) {
      const wish = { approvalId: row.approval_id, runId: row.run_id as RunId, wishes: row.wishes }
      const problem = await this.#startOne(scope, wish, row.follow_up_run_id as RunId)
      if (problem?.retryable !== true) await this.#settle(scope, wish, problem)
    }
  }

  /** The failure that is no fault of this process, if any. */
  async #startOne(scope: TenantScope, wish: Wish, followUpRunId: RunId): Promise<AtelierError | undefined> {
    const { engine, database, logger } = this.#services
    try {
      const { items } = await engine.listRuns(scope, { runIds: [followUpRunId], limit: 1 })
      if (items.length > 0) return undefined
      const run = await engine.getRun(scope, wish.runId)
      const requester = await database.transaction(scope, (tx) =>
        findPrincipal(tx, scope.tenantId, run.principalId),
      )
      if (requester === undefined) throw apiErrors.PERSON_UNKNOWN({ detail: run.principalId })
      const caller: Caller = { principal: requester, via: 'local', credentialId: null, scopes: 'all' }
      await this.#workItems.followUp(caller, run, { key: wish.approvalId, wishes: wish.wishes })
      return undefined
    } catch (error) {
      if (!(error instanceof AtelierError)) throw error
      logger.log('warn', { code: error.code, approval: wish.approvalId }, 'a follow-up run was not started')
      return error
    }
  }

  async #settle(scope: TenantScope, { approvalId }: Wish, problem: AtelierError | undefined): Promise<void> {
    await this.#services.database.transaction(scope, (tx) =>
      tx
        .updateTable('follow_ups')
        .set({
          settled_at: new Date(this.#services.clock.now()),
          problem: problem === undefined ? null : problem.message,
        })
        .where('tenant_id', '=', scope.tenantId)
        .where('approval_id', '=', approvalId)
        .execute(),
    )
  }
}
