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
}

/**
 * Writes down who was asked, with what, and what came of it. While one lot of a tenant is being written the next one
 * gathers, so that many calls cost few round trips. The act at the door is the record that counts; a row that cannot
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
    const tenant = row.tenant_id
    const gathering = this.#gathering.get(tenant)
    if (gathering !== undefined) {
      gathering.rows.push(row)
      return gathering.written
    }
    const rows = [row]
    const before = this.#writing.get(tenant) ?? Promise.resolve()
    const written = before.then(() => {
      this.#gathering.delete(tenant)
      return this.#write(tenant, rows)
    })
    this.#gathering.set(tenant, { rows, written })
    this.#writing.set(tenant, written)
    return written
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing.values())
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
