import { sql } from 'kysely'
import type { Caller } from '../../contracts/index.ts'
import {
  addUpDays,
  exposition,
  listExecutors,
  measureFlow,
  measureLoad,
} from '../../control/figures/index.ts'
import type { ExecutorState, Flow, Load } from '../../control/figures/index.ts'
import type { TenantScope } from '../../engine/index.ts'
import { studioResource } from './access.ts'
import type { Access } from './access.ts'
import type { HealthCheck, StudioServices } from './studio-services.ts'

export interface Health {
  readonly ok: boolean
  readonly checks: readonly HealthCheck[]
  readonly load: Load
  readonly executors: readonly ExecutorState[]
}

const dayMs = 86_400_000
/** Checks of the machine start processes, so that not everybody who looks may have them done anew. */
const freshMs = 15_000

type Parts = Pick<StudioServices, 'database' | 'clock' | 'models' | 'checkHost'>

/** The state of the installation, and how work goes on it. */
export class InstallationService {
  readonly #services: Parts
  readonly #access: Access
  #host: { readonly at: number; readonly checks: Promise<readonly HealthCheck[]> } | undefined

  constructor(services: Parts, access: Access) {
    this.#services = services
    this.#access = access
  }

  /** @throws ATL_DOOR_DENIED */
  async health(caller: Caller): Promise<Health> {
    const scope = await this.#mayOperate(caller)
    const { database, clock } = this.#services
    const now = new Date(clock.now())
    const [host, databaseCheck, load, executors] = await Promise.all([
      this.#checkHost(),
      this.#checkDatabase(),
      database.transaction(scope, (tx) => measureLoad(tx, scope.tenantId, now)),
      database.transaction({ kind: 'system' }, (tx) => listExecutors(tx, now)),
    ])
    const checks = [...host, databaseCheck]
    return { ok: checks.every(({ ok }) => ok), checks, load, executors }
  }

  /** How work went in the last days. @throws ATL_DOOR_DENIED */
  async flow(caller: Caller, days: number): Promise<Flow> {
    const scope = await this.#access.assertReading(caller, {
      action: 'read-studio',
      resource: studioResource(caller),
    })
    const since = new Date(this.#services.clock.now() - days * dayMs)
    await addUpDays(this.#services.database, scope, 'project')
    return this.#services.database.transaction(scope, (tx) => measureFlow(tx, scope.tenantId, since))
  }

  /** For Prometheus, of the caller's tenant. @throws ATL_DOOR_DENIED */
  async exposition(caller: Caller): Promise<string> {
    const scope = await this.#mayOperate(caller)
    const { database, models, clock } = this.#services
    const now = clock.now()
    return database.transaction(scope, async (tx) => {
      const load = await measureLoad(tx, scope.tenantId, new Date(now))
      const flow = await measureFlow(tx, scope.tenantId, new Date(now - dayMs))
      const overview = await models.overview(tx, scope.tenantId)
      const upstreams = new Map(
        overview.models.map(({ upstream, restingMs }) => [upstream, restingMs !== null]),
      )
      return exposition(
        load,
        flow,
        [...upstreams].map(([name, open]) => ({ name, open })),
      )
    })
  }

  async #checkDatabase(): Promise<HealthCheck> {
    const { database } = this.#services
    const begun = performance.now()
    await database.transaction({ kind: 'system' }, (tx) => sql`select 1`.execute(tx))
    const ms = (performance.now() - begun).toFixed(1)
    return { name: 'database', ok: true, detail: `answered in ${ms} ms`, remedy: undefined }
  }

  #checkHost(): Promise<readonly HealthCheck[]> {
    const now = this.#services.clock.now()
    if (this.#host === undefined || now - this.#host.at >= freshMs) {
      const checks = this.#services.checkHost()
      this.#host = { at: now, checks }
      checks.catch(() => {
        this.#host = undefined
      })
    }
    return this.#host.checks
  }

  #mayOperate(caller: Caller): Promise<TenantScope> {
    return this.#access.assertReading(caller, { action: 'read-operations', resource: studioResource(caller) })
  }
}
