import type { Logger, TenantId } from '../../kernel/index.ts'
import { reportError } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import type { PolicyEngine } from '../policy/index.ts'

/** How long other processes may go on with what held before. */
const everyMs = 1000

/** Keeps what the engine enforces the same as what is in force in the database. */
export class Following {
  readonly #database: Database
  readonly #policy: PolicyEngine
  readonly #logger: Logger
  /** Digests of what was taken up, by tenant. */
  readonly #known = new Map<string, string>()
  #turn: Promise<void> = Promise.resolve()

  constructor(parts: {
    readonly database: Database
    readonly policy: PolicyEngine
    readonly logger: Logger
  }) {
    this.#database = parts.database
    this.#policy = parts.policy
    this.#logger = parts.logger
  }

  refresh(): Promise<void> {
    return this.#inTurn(undefined)
  }

  refreshTenant(tenantId: TenantId): Promise<void> {
    return this.#inTurn(tenantId)
  }

  follow(): () => void {
    let stopped = false
    let timer: NodeJS.Timeout | undefined
    const again = (): void => {
      if (stopped) return
      timer = setTimeout(() => {
        this.refresh()
          // The database is away; what was in force stays in force.
          .catch((error: unknown) =>
            this.#logger.log('warn', { ...reportError(error) }, 'policies are not up to date'),
          )
          .finally(again)
      }, everyMs).unref()
    }
    again()
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }

  /** One after the other, so that what was read later is also taken up later. */
  #inTurn(tenantId: TenantId | undefined): Promise<void> {
    const turn = this.#turn.then(() => this.#takeUp(tenantId))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #takeUp(only: TenantId | undefined): Promise<void> {
    const rows = await this.#database.transaction({ kind: 'system' }, (tx) =>
      tx
        .selectFrom('own_texts')
        .select(['tenant_id', 'name', 'digest'])
        .where('kind', '=', 'policy')
        .where('state', '=', 'in-force')
        .$if(only !== undefined, (query) => query.where('tenant_id', '=', only ?? ''))
        .orderBy('tenant_id')
        .orderBy('name')
        .execute(),
    )
    const current = new Map<string, string>()
    for (const { tenant_id, name, digest } of rows)
      current.set(tenant_id, `${current.get(tenant_id) ?? ''}${name} ${digest}\n`)
    const before = only === undefined ? [...this.#known.keys()] : [only]
    for (const tenantId of new Set([...current.keys(), ...before])) {
      const digests = current.get(tenantId)
      if (digests === this.#known.get(tenantId)) continue
      await this.#enforce(tenantId as TenantId)
      if (digests === undefined) this.#known.delete(tenantId)
      else this.#known.set(tenantId, digests)
    }
  }

  async #enforce(tenantId: TenantId): Promise<void> {
    const own = await this.#database.transaction({ kind: 'system' }, (tx) =>
      tx
        .selectFrom('own_texts')
        .select(['name', 'text'])
        .where('tenant_id', '=', tenantId)
        .where('kind', '=', 'policy')
        .where('state', '=', 'in-force')
        .orderBy('name')
        .execute(),
    )
    const problems = this.#policy.enforce(tenantId, own)
    if (problems.length > 0)
      this.#logger.log(
        'error',
        { tenantId, problems },
        'policies of a tenant do not fit this release: it denies everything',
      )
  }
}
