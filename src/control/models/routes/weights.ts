import type { PrincipalId, TenantId } from '../../../kernel/index.ts'
import type { Clock } from '../../../kernel/index.ts'
import { tenantScope } from '../../../governance/audit/index.ts'
import type { Database, Tx } from '../../../store/index.ts'

/** Weights by model. */
export type Weights = Readonly<Record<string, number>>
type WeightsOfRoutes = Readonly<Record<string, Weights>>

/** How long other processes may go on with what held before. */
const freshMs = 1000

export interface WeightChange {
  readonly tenantId: TenantId
  readonly principalId: PrincipalId
  readonly route: string
  /** Weights that hold from now on, for the targets named; undefined for those of the route's file again. */
  readonly weights: Weights | undefined
  readonly reason: string
}

/**
 * Weights that replace those of the routes' files for a tenant: the switch with which a canary is widened, or taken
 * back at once in all processes.
 */
export class RouteWeights {
  readonly #database: Database
  readonly #clock: Clock
  readonly #read = new Map<TenantId, { at: number; weights: Promise<WeightsOfRoutes> }>()

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  async of(tenantId: TenantId, principalId: PrincipalId, route: string): Promise<Weights | undefined> {
    const now = this.#clock.now()
    let held = this.#read.get(tenantId)
    if (held === undefined || now - held.at >= freshMs) {
      held = { at: now, weights: this.#load(tenantId, principalId) }
      this.#read.set(tenantId, held)
      // A failure is not kept.
      held.weights.catch(() => this.#read.delete(tenantId))
    }
    return (await held.weights)[route]
  }

  async set(change: WeightChange): Promise<void> {
    const { tenantId, principalId } = change
    await this.#database.transaction(tenantScope(tenantId, principalId), (tx) => this.setIn(tx, change))
    this.#read.delete(tenantId)
  }

  /** Within a transaction of the caller's. */
  async setIn(tx: Tx, { tenantId, principalId, route, weights, reason }: WeightChange): Promise<void> {
    await tx
      .deleteFrom('model_route_weights')
      .where('tenant_id', '=', tenantId)
      .where('route', '=', route)
      .execute()
    this.#read.delete(tenantId)
    if (weights === undefined) return
    await tx
      .insertInto('model_route_weights')
      .values({
        tenant_id: tenantId,
        route,
        weights: JSON.stringify(weights),
        reason,
        principal_id: principalId,
      })
      .execute()
  }

  async #load(tenantId: TenantId, principalId: PrincipalId): Promise<WeightsOfRoutes> {
    const rows = await this.#database.transaction(tenantScope(tenantId, principalId), (tx) =>
      tx
        .selectFrom('model_route_weights')
        .select(['route', 'weights'])
        .where('tenant_id', '=', tenantId)
        .execute(),
    )
    return Object.fromEntries(rows.map(({ route, weights }) => [route, weights]))
  }
}
