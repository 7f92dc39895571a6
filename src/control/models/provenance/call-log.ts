import { setTimeout as delay } from 'node:timers/promises'
import type { Selectable } from 'kysely'
import { tenantScope } from '../../../governance/audit/index.ts'
import { reportError } from '../../../kernel/index.ts'
import type { Logger, PrincipalId, TenantId } from '../../../kernel/index.ts'
import type { Database } from '../../../store/index.ts'
import type { ModelCallsTable } from '../tables.ts'

export type CallRow = Omit<Selectable<ModelCallsTable>, 'id'> & {
  readonly tenant_id: TenantId
  readonly principal_id: PrincipalId
}

const columns = [
  'tenant_id',
  'act_key',
  'run_id',
  'project_id',
  'step_id',
  'principal_id',
  'asked_for',
  'route',
  'model',
  'version',
  'provider',
  'endpoint',
  'deployment',
  'residency',
  'size',
  'transport',
  'parameters',
  'prompt',
  'finish',
  'error',
  'failed_before',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'counted_by',
  'cost',
  'first_token_ms',
  'duration_ms',
  'started_at',
] as const satisfies readonly (keyof CallRow)[]

const insertCalls = `insert into model_calls (${columns.join(', ')})
  select ${columns.join(', ')} from jsonb_populate_recordset(null::model_calls, $1)`

interface Batch {
  readonly rows: CallRow[]
  readonly written: Promise<void>
  /** Somebody waits for it. */
  readonly hurry: () => void
}

/** How long rows that nobody waits for may gather, in milliseconds. */
const gatherMs = 50

/**
 * Writes down who was asked, with what, and what came of it. While one lot of a tenant is being written the next one
 * gathers, and a while longer if nobody waits for it, so that many calls cost few round trips. The act at the door is the record that counts; a row that cannot
 * be written is logged.
 */
export class CallLog {
  readonly #database: Database
  readonly #logger: Logger
  readonly #gathering = new Map<TenantId, Batch>()
  readonly #writing = new Map<TenantId, Promise<void>>()

  constructor(database: Database, logger: Logger) {
    this.#database = database
    this.#logger = logger
  }

  /** Resolves when the row is written, or has been logged because it could not be. */
  add(row: CallRow): Promise<void> {
    const { written, hurry } = this.#gather(row)
    hurry()
    return written
  }

  /** Like {@link add}, soon, for calls that were answered already. */
  addSoon(row: CallRow): void {
    this.#gather(row)
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    for (const { hurry } of this.#gathering.values()) hurry()
    await Promise.all(this.#writing.values())
  }

  #gather(row: CallRow): Batch {
    const tenant = row.tenant_id
    const gathering = this.#gathering.get(tenant)
    if (gathering !== undefined) {
      gathering.rows.push(row)
      return gathering
    }
    const rows = [row]
    const patience = new AbortController()
    const before = this.#writing.get(tenant) ?? Promise.resolve()
    const gathered = delay(gatherMs, undefined, { signal: patience.signal }).catch(() => undefined)
    const written = Promise.all([before, gathered]).then(() => {
      this.#gathering.delete(tenant)
      return this.#write(tenant, rows)
    })
    const batch = { rows, written, hurry: () => patience.abort() }
    this.#gathering.set(tenant, batch)
    this.#writing.set(tenant, written)
    return batch
  }

  async #write(tenantId: TenantId, rows: readonly CallRow[]): Promise<void> {
    const [first] = rows
    if (first === undefined) return
    try {
      await this.#database.execute(tenantScope(tenantId, first.principal_id), {
        name: 'insert-model-calls',
        text: insertCalls,
        parameters: [['jsonb', JSON.stringify(rows)]],
      })
    } catch (error) {
      const { code, message } = reportError(error)
      this.#logger.log(
        'error',
        { code, error: message, calls: rows.length },
        'calls of models could not be written down',
      )
    }
  }
}
