import { sql } from 'kysely'
import { seededIdentities, tenantScope } from '../../governance/index.ts'
import type { Database } from '../../store/index.ts'

/** Whether the studio can work. */
export class HealthService {
  readonly #database: Database

  constructor({ database }: { readonly database: Database }) {
    this.#database = database
  }

  /** @throws ATL_STORE_UNAVAILABLE */
  async check(): Promise<void> {
    const { tenant, studio } = seededIdentities
    await this.#database.transaction(tenantScope(tenant, studio), (tx) => sql`select 1`.execute(tx))
  }
}
