import { setTimeout as pause } from 'node:timers/promises'
import { answeredRuns } from '../../control/questions/index.ts'
import type { TenantScope } from '../../engine/index.ts'
import { endedModelUseRuns } from '../../governance/identity/index.ts'
import { seededIdentities, tenantScope } from '../../governance/index.ts'
import type { RunId, TenantId } from '../../kernel/index.ts'
import type { FollowUps } from './follow-ups.ts'
import type { RunService } from './runs.ts'
import type { CoreServices } from './studio-services.ts'

const intervalMs = 3000

/**
 * What nobody's request does: runs that ended are closed, and what people have said and no process has taken up is, such as
 * the changes that they asked for.
 */
export class UpkeepService {
  readonly #services: CoreServices
  readonly #runs: RunService
  readonly #followUps: FollowUps

  constructor(services: CoreServices, runs: RunService, followUps: FollowUps) {
    this.#services = services
    this.#runs = runs
    this.#followUps = followUps
  }

  /** Goes round until the function that is given back is called. */
  start(): () => Promise<void> {
    const stop = new AbortController()
    const done = this.#goRound(stop.signal)
    return async () => {
      stop.abort()
      await done
    }
  }

  async #goRound(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.once()
      } catch (error) {
        this.#services.logger.log('warn', { error: String(error) }, 'upkeep failed and will be tried again')
      }
      await pause(intervalMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** One round through all tenants. */
  async once(): Promise<void> {
    const { database, administration } = this.#services
    const tenants = await database.transaction({ kind: 'system' }, (tx) =>
      tx.selectFrom('tenants').select('id').execute(),
    )
    for (const { id } of tenants) {
      const scope = tenantScope(id as TenantId, seededIdentities.studio)
      const answered = await database.transaction(scope, (tx) => answeredRuns(tx, scope.tenantId))
      for (const runId of [...(await this.#decided(scope)), ...answered])
        await this.#runs.takeUpDecisions(scope, runId)
      await this.#followUps.start(scope)
      for (const runId of await this.#ended(scope)) await this.#runs.closeRun(scope, runId)
      const { tenantId } = scope
      for (const runId of await database.transaction(scope, (tx) => endedModelUseRuns(tx, tenantId)))
        await administration.closeRun({ tenantId, runId }, scope.principalId)
    }
  }

  /** Runs of which a step waits although people have decided. */
  async #decided(scope: TenantScope): Promise<readonly RunId[]> {
    const rows = await this.#services.database.transaction(scope, (tx) =>
      tx
        .selectFrom('run_steps')
        .innerJoin('approval_requests', (join) =>
          join
            .onRef('approval_requests.tenant_id', '=', 'run_steps.tenant_id')
            .onRef('approval_requests.run_id', '=', 'run_steps.run_id')
            .onRef('approval_requests.step_id', '=', 'run_steps.step_id'),
        )
        .innerJoin('mandates', (join) =>
          join
            .onRef('mandates.tenant_id', '=', 'run_steps.tenant_id')
            .onRef('mandates.run_id', '=', 'run_steps.run_id'),
        )
        .select('run_steps.run_id')
        .distinct()
        .where('run_steps.tenant_id', '=', scope.tenantId)
        .where('mandates.closed_at', 'is', null)
        .where('run_steps.status', '=', 'waiting')
        .where('approval_requests.status', 'in', ['approved', 'rejected', 'changes-requested'])
        .limit(100)
        .execute(),
    )
    return rows.map((row) => row.run_id as RunId)
  }

  /** Runs that have ended and could still act. */
  async #ended(scope: TenantScope): Promise<readonly RunId[]> {
    const rows = await this.#services.database.transaction(scope, (tx) =>
      tx
        .selectFrom('mandates')
        .innerJoin('runs', (join) =>
          join
            .onRef('runs.tenant_id', '=', 'mandates.tenant_id')
            .onRef('runs.run_id', '=', 'mandates.run_id'),
        )
        .select('mandates.run_id')
        .where('mandates.tenant_id', '=', scope.tenantId)
        .where('mandates.closed_at', 'is', null)
        .where('runs.status', 'in', ['succeeded', 'failed', 'cancelled'])
        .limit(100)
        .execute(),
    )
    return rows.map((row) => row.run_id as RunId)
  }
}
