import {
  type Caller,
  type RunEventView,
  type RunRight,
  runRightSchema,
  type RunSummary,
  type RunView,
} from '../../contracts/index.ts'
import {
  engineErrors,
  type JsonObject,
  type RunEvent,
  type RunRecord,
  type TenantScope,
} from '../../engine/index.ts'
import { findAccounts } from '../../governance/budget/index.ts'
import type { Intention } from '../../governance/index.ts'
import { AtelierError, type RunId } from '../../kernel/index.ts'
import { approvalOutput } from '../../workflow/delivery/index.ts'
import { openQuestionOf, summariseRun, viewEvent, viewRun } from '../run-report.ts'
import type { Page } from '../studio.ts'
import { type Access, runResource, scopeOf } from './access.ts'
import { findRuns, type RunQuery } from './run-search.ts'
import type { CoreServices } from './studio-services.ts'

export interface WatchRun {
  readonly afterSequence?: number
  readonly follow: boolean
  readonly signal?: AbortSignal
}

type Steering = 'cancel-run' | 'resume-run'

/** Runs: what people see of them, and how they steer them. */
export class RunService {
  readonly #services: CoreServices
  readonly #access: Access
  /** The same event for all who watch it, so that what it becomes on its way out is made once. */
  readonly #views = new WeakMap<RunEvent, RunEventView>()
  readonly #closing = new Map<string, Promise<void>>()

  constructor(services: CoreServices, access: Access) {
    this.#services = services
    this.#access = access
  }

  /** Newest first. @throws ATL_DOOR_DENIED */
  async list(caller: Caller, query: RunQuery): Promise<Page<RunSummary>> {
    const { database, engine } = this.#services
    const reading = await this.#access.readProjects(caller, query.projectId)
    const { scope } = reading
    const { runIds, next } = await database.transaction(scope, (tx) => findRuns(tx, reading, query))
    if (runIds.length === 0) return { items: [], next }
    const { items } = await engine.listRuns(scope, { runIds, limit: runIds.length })
    return { items: items.map(summariseRun), next }
  }

  /** @throws ATL_ENGINE_UNKNOWN_RUN, ATL_DOOR_DENIED */
  async get(caller: Caller, runId: string): Promise<RunView> {
    const [view] = await this.#view(caller, [await this.read(caller, runId)])
    if (view === undefined) throw engineErrors.UNKNOWN_RUN({ detail: runId })
    return view
  }

  /** Several runs at once, by id; those that are not there are left out. @throws ATL_DOOR_DENIED */
  async getAll(caller: Caller, runIds: readonly RunId[]): Promise<ReadonlyMap<RunId, RunView>> {
    if (runIds.length === 0) return new Map()
    const wanted = [...new Set(runIds)]
    const { items } = await this.#services.engine.listRuns(scopeOf(caller), {
      runIds: wanted,
      limit: wanted.length,
    })
    for (const run of items) await this.#assertReading(caller, run)
    const views = await this.#view(caller, items)
    return new Map(items.flatMap(({ runId }, index) => (views[index] ? [[runId, views[index]]] : [])))
  }

  /** Everything about runs in as many queries as about one, in their order. */
  async #view(caller: Caller, runs: readonly RunRecord[]): Promise<readonly RunView[]> {
    const { engine, approvals, database, clock } = this.#services
    const scope = scopeOf(caller)
    const runIds = runs.map(({ runId }) => runId)
    const [steps, facts] = await Promise.all([
      engine.listStepsOf(scope, runIds),
      database.transaction(scope, async (tx) => ({
        approvals: await approvals.ofRuns(tx, scope.tenantId, runIds),
        accounts: await findAccounts(tx, scope.tenantId, 'run', runIds),
      })),
    ])
    const now = clock.now()
    return runs.map((run) => {
      const spent = facts.accounts.find(({ subject }) => subject === run.runId)?.units
      return viewRun({
        run,
        steps: steps.get(run.runId) ?? [],
        approvals: facts.approvals.filter(({ runId }) => runId === run.runId),
        cost: {
          money: spent?.money.spent ?? 0,
          tokens: spent?.tokens.spent ?? 0,
          toolCalls: spent?.toolCalls.spent ?? 0,
          seconds: spent?.seconds.spent ?? 0,
        },
        may: this.#rightsOf(caller, run),
        now,
      })
    })
  }

  /** What the caller's roles permit about a run; whatever is attempted is decided anew. */
  #rightsOf(caller: Caller, run: RunRecord): readonly RunRight[] {
    const { tenantId, projectId, runId, principalId } = run
    const resource = runResource(run)
    const intentions: Readonly<Record<RunRight, Intention>> = {
      decide: {
        action: 'decide-approval',
        resource: { kind: 'approval', tenantId, projectId, approvalId: runId, runId },
        context: { decision: 'approved', inLineage: principalId === caller.principal.id },
      },
      answer: { action: 'answer-question', resource },
      comment: { action: 'comment-on-run', resource },
      cancel: { action: 'cancel-run', resource },
      resume: { action: 'resume-run', resource },
    }
    return runRightSchema.options.filter((right) => this.#access.permits(caller, intentions[right]))
  }

  /** The record of a run that the caller may see. @throws ATL_ENGINE_UNKNOWN_RUN, ATL_DOOR_DENIED */
  async read(caller: Caller, runId: string): Promise<RunRecord> {
    const run = await this.#services.engine.getRun(scopeOf(caller), runId)
    await this.#assertReading(caller, run)
    return run
  }

  async #assertReading(caller: Caller, run: RunRecord): Promise<void> {
    await this.#access.assertReading(caller, { action: 'read-run', resource: runResource(run) }, run.runId)
  }

  /** Events after a position, then new ones as they come, until the run has ended. @throws ATL_DOOR_DENIED */
  async watch(caller: Caller, runId: string, options: WatchRun): Promise<AsyncIterable<RunEventView>> {
    const run = await this.read(caller, runId)
    return this.#follow(scopeOf(caller), run.runId, options)
  }

  async *#follow(scope: TenantScope, runId: RunId, options: WatchRun): AsyncGenerator<RunEventView> {
    for await (const event of this.#services.engine.watch(scope, runId, options)) {
      if (event.kind === 'run-ended') await this.#closeOnce(scope, runId)
      const view = this.#views.get(event) ?? viewEvent(event)
      this.#views.set(event, view)
      yield view
    }
  }

  /** All who watch a run see it end at the same time. */
  async #closeOnce(scope: TenantScope, runId: RunId): Promise<void> {
    const key = `${scope.tenantId}/${runId}`
    const closing = this.#closing.get(key) ?? this.closeRun(scope, runId)
    this.#closing.set(key, closing)
    await closing.finally(() => this.#closing.delete(key))
  }

  /** @throws ATL_ENGINE_RUN_ENDED, ATL_DOOR_DENIED */
  async cancel(caller: Caller, runId: string, reason: string): Promise<RunView> {
    const run = await this.#steer(caller, runId, 'cancel-run', { reason })
    await this.#services.engine.cancelRun(scopeOf(caller), run.runId, reason)
    await this.closeEnded(scopeOf(caller))
    return this.get(caller, runId)
  }

  /** Tries failed steps again, or takes up what was decided while no process could. @throws ATL_DOOR_DENIED */
  async resume(caller: Caller, runId: string): Promise<RunView> {
    const { engine, administration } = this.#services
    const run = await this.#steer(caller, runId, 'resume-run', {})
    if (run.status === 'failed' || run.status === 'cancelled') {
      await administration.reopenRun(run, caller.principal.id)
      await engine.retryRun(scopeOf(caller), run.runId)
    } else await this.takeUpDecisions(scopeOf(caller), run.runId)
    return this.get(caller, runId)
  }

  /** Has steps go on that wait for what people have said; after a crash it may not have reached them. */
  async takeUpDecisions(scope: TenantScope, runId: RunId): Promise<void> {
    const { engine, approvals, database } = this.#services
    const waiting = (await engine.listSteps(scope, runId)).filter(({ status }) => status === 'waiting')
    if (waiting.length === 0) return
    const requests = await database.transaction(scope, (tx) => approvals.ofRun(tx, scope.tenantId, runId))
    for (const step of waiting) {
      if (openQuestionOf([step]) !== undefined) await engine.wake(scope, runId, step.stepId)
      const output = requests
        .filter(({ stepId }) => stepId === step.stepId)
        .map(approvalOutput)
        .at(-1)
      if (output !== undefined) await engine.complete(scope, runId, step.stepId, output)
    }
  }

  /** Runs that ended while nobody watched lose their mandate and what they had reserved. */
  async closeEnded(scope: TenantScope): Promise<void> {
    const { administration, engine } = this.#services
    for (const runId of await administration.openRuns(scope.tenantId, scope.principalId)) {
      const { status } = await engine.getRun(scope, runId).catch(statusOfUnknown)
      if (status !== 'running' && status !== 'waiting') await this.closeRun(scope, runId)
    }
  }

  async closeRun({ tenantId, principalId }: TenantScope, runId: RunId): Promise<void> {
    await this.#services.administration.closeRun({ tenantId, runId }, principalId)
    await this.#services.releaseRun({ tenantId, runId })
  }

  async #steer(caller: Caller, runId: string, action: Steering, detail: JsonObject): Promise<RunRecord> {
    const run = await this.#services.engine.getRun(scopeOf(caller), runId)
    await this.#access.record(caller, { action, resource: runResource(run) }, run.runId, detail)
    return run
  }
}

/** What was taken in when the studio died has a mandate, but no run yet: it starts when it is submitted again. */
function statusOfUnknown(error: unknown): { readonly status: 'waiting' } {
  if (error instanceof AtelierError && error.code === engineErrors.UNKNOWN_RUN.code)
    return { status: 'waiting' }
  throw error
}
