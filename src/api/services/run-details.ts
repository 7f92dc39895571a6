import type { Caller } from '../../contracts/index.ts'
import type { RunRecord, StepRecord } from '../../engine/index.ts'
import { actsOfRun } from '../../governance/door/index.ts'
import { apiErrors } from '../errors.ts'
import { scopeOf } from './access.ts'
import { actRows, viewAct } from './act-views.ts'
import { attemptsOf } from './attempts.ts'
import { pageOfRows, readCursor } from './cursor.ts'
import type { RunService } from './runs.ts'
import { runTrace } from './run-trace.ts'
import type { CoreServices } from './studio-services.ts'

interface PageQuery {
  readonly limit: number
  readonly after?: string | undefined
}

/** What a run consists of: its plan, steps, logs and acts. */
export class RunDetailService {
  readonly #services: CoreServices
  readonly #runs: RunService

  constructor(services: CoreServices, runs: RunService) {
    this.#services = services
    this.#runs = runs
  }

  async plan(caller: Caller, runId: string) {
    const { run, steps } = await this.#read(caller, runId)
    const revisions = await this.#services.database.transaction(scopeOf(caller), (tx) =>
      tx
        .selectFrom('run_plans')
        .select(['version', 'reason', 'principal_id', 'created_at'])
        .where('tenant_id', '=', run.tenantId)
        .where('run_id', '=', run.runId)
        .orderBy('version')
        .execute(),
    )
    const whole = steps.filter(({ itemIndex }) => itemIndex === undefined)
    return {
      version: run.planVersion,
      nodes: whole.map((step) => ({
        id: step.stepId,
        title: step.title,
        kind: step.kind,
        uses: step.uses,
        status: step.status,
        attempts: step.attempts,
        startedAt: step.startedAt?.toISOString() ?? null,
        endedAt: step.endedAt?.toISOString() ?? null,
        items: itemsOf(step, steps),
      })),
      edges: whole.flatMap(({ stepId, needs }) => needs.map((from) => ({ from, to: stepId }))),
      revisions: revisions.map(({ version, reason, principal_id: by, created_at: at }) => ({
        version,
        reason,
        by,
        createdAt: at.toISOString(),
      })),
    }
  }

  /** @throws ATL_STUDIO_STEP_NOT_FOUND */
  async step(caller: Caller, runId: string, stepId: string) {
    const { run, steps } = await this.#read(caller, runId)
    const step = stepNamed(steps, stepId)
    const attempts = await this.#services.database.transaction(scopeOf(caller), (tx) =>
      attemptsOf(tx, run, stepId),
    )
    return {
      id: step.stepId,
      title: step.title,
      kind: step.kind,
      uses: step.uses,
      needs: step.needs,
      status: step.status,
      waiting: step.waiting?.reason ?? null,
      error: step.error,
      startedAt: step.startedAt?.toISOString() ?? null,
      endedAt: step.endedAt?.toISOString() ?? null,
      attempts: attempts.map((row) => ({
        attempt: row.attempt,
        item: row.item_index < 0 ? null : row.item_index,
        outcome: row.outcome,
        startedAt: row.started_at.toISOString(),
        endedAt: row.ended_at.toISOString(),
        error: row.error,
      })),
      output: step.output,
    }
  }

  /** What a step reported; the position of a page is the sequence number of its last line. */
  async log(caller: Caller, runId: string, stepId: string, { limit, after }: PageQuery) {
    const { run, steps } = await this.#read(caller, runId)
    stepNamed(steps, stepId)
    if (after !== undefined && !/^\d{1,15}$/.test(after)) throw apiErrors.CURSOR_INVALID()
    const rows = await this.#services.database.transaction(scopeOf(caller), (tx) =>
      tx
        .selectFrom('run_events')
        .select(['sequence', 'at', 'kind', 'data'])
        .where('tenant_id', '=', run.tenantId)
        .where('run_id', '=', run.runId)
        .where('step_id', '=', stepId)
        .where('kind', 'in', ['log', 'progress'])
        .where('sequence', '>', Number(after ?? 0))
        .orderBy('sequence')
        .limit(limit + 1)
        .execute(),
    )
    const items = rows.slice(0, limit).map(({ sequence, at, kind, data }) => ({
      sequence,
      time: at.toISOString(),
      kind: kind === 'log' ? ('log' as const) : ('progress' as const),
      data,
    }))
    return { items, next: rows.length > limit ? String(items.at(-1)?.sequence) : null }
  }

  /** In the order in which they were requested first. */
  async acts(
    caller: Caller,
    runId: string,
    { limit, after, stepId }: PageQuery & { readonly stepId?: string | undefined },
  ) {
    const run = await this.#runs.read(caller, runId)
    const position = readCursor(after)
    return this.#services.database.transaction(scopeOf(caller), async (tx) => {
      const rows = await actRows(tx, run, { limit: limit + 1, position, stepId })
      return pageOfRows(
        rows,
        limit,
        (row) => ({ time: row.position, id: row.key }),
        rows.slice(0, limit).map(viewAct),
      )
    })
  }

  async trace(caller: Caller, runId: string) {
    const { run, steps } = await this.#read(caller, runId)
    const { attempts, acts } = await this.#services.database.transaction(scopeOf(caller), async (tx) => ({
      attempts: await attemptsOf(tx, run),
      acts: await actsOfRun(tx, run.tenantId, run.runId),
    }))
    return runTrace({ run, steps, attempts, acts })
  }

  async #read(
    caller: Caller,
    runId: string,
  ): Promise<{ readonly run: RunRecord; readonly steps: readonly StepRecord[] }> {
    const run = await this.#runs.read(caller, runId)
    return { run, steps: await this.#services.engine.listSteps(scopeOf(caller), run.runId) }
  }
}

const endedStatuses = ['succeeded', 'failed', 'skipped', 'cancelled', 'compensated']

function itemsOf(step: StepRecord, steps: readonly StepRecord[]) {
  const items = steps.filter(({ stepId, itemIndex }) => stepId === step.stepId && itemIndex !== undefined)
  if (items.length === 0) return null
  return { total: items.length, ended: items.filter(({ status }) => endedStatuses.includes(status)).length }
}

function stepNamed(steps: readonly StepRecord[], id: string): StepRecord {
  const step = steps.find(({ stepId, itemIndex }) => stepId === id && itemIndex === undefined)
  if (step === undefined) throw apiErrors.STEP_NOT_FOUND({ detail: id })
  return step
}
