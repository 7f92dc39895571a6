import { sql } from 'kysely'
import type { TenantScope } from '../../engine/index.ts'
import type { Database } from '../../store/index.ts'
import { viewEvent } from '../run-report.ts'
import { isOfProjects, type Reading } from './access.ts'

type Json = Parameters<typeof viewEvent>[0]['data']

export interface FeedEvent {
  /** Where the stream goes on behind this event. */
  readonly id: string
  readonly data: ReturnType<typeof viewEvent> & { readonly runId: string }
}

interface Page {
  readonly events: readonly FeedEvent[]
  readonly next: string
}

interface EventRow {
  readonly transaction: string
  readonly run_id: string
  readonly sequence: number
  readonly at: Date
  readonly kind: string
  readonly step_id: string | null
  readonly item_index: number | null
  readonly data: Json
}

const pollingMs = 500
/** Streams that stand at the same place share what was read so recently. */
const sharedMs = 400
const pageSize = 500

/** Whether a text is a position in the stream of a tenant. */
export function isFeedPosition(text: string): boolean {
  return /^\d{1,19}\.\d{1,15}\.[A-Za-z0-9._-]{0,200}$/.test(text)
}

/**
 * What happens in the runs of a tenant, or of some of its projects, in the order of the transactions that wrote it. An event is told as soon as no
 * transaction is under way that could still put one before it, so a client that goes on behind a position misses nothing
 * and sees nothing twice.
 */
export class EventFeed {
  readonly #database: Database
  readonly #shared = new Map<string, Promise<Page>>()
  readonly #newest = new Map<string, { readonly position: string; readonly at: number }>()

  constructor({ database }: { readonly database: Database }) {
    this.#database = database
  }

  async *watch(reading: Reading, after: string | undefined, signal: AbortSignal): AsyncGenerator<FeedEvent> {
    let position = after ?? (await this.#now(reading.scope))
    while (!signal.aborted) {
      const { events, next } = await this.#read(reading, position)
      for (const event of events) {
        yield event
        position = event.id
      }
      position = next
      if (events.length < pageSize) await pause(pollingMs, signal)
    }
  }

  async #now(scope: TenantScope): Promise<string> {
    const newest = this.#newest.get(scope.tenantId)
    if (newest !== undefined && performance.now() - newest.at < 2 * pollingMs) return newest.position
    return this.#database.transaction(scope, async (tx) => `${await horizonOf(tx)}.0.`)
  }

  #read(reading: Reading, position: string): Promise<Page> {
    const key = JSON.stringify([reading.scope.tenantId, reading.isEverything || reading.projects, position])
    const known = this.#shared.get(key)
    if (known !== undefined) return known
    const page = this.#query(reading, position)
    this.#shared.set(key, page)
    setTimeout(() => this.#shared.delete(key), sharedMs).unref()
    return page
  }

  async #query(reading: Reading, position: string): Promise<Page> {
    const [transaction = '0', sequence = '0', ...rest] = position.split('.')
    const runId = rest.join('.')
    const { scope } = reading
    return this.#database.transaction(scope, async (tx) => {
      const horizon = await horizonOf(tx)
      const { rows } = await sql<EventRow>`
        select transaction::text as transaction, run_id, sequence, at, kind, step_id, item_index, data
        from run_events
        where tenant_id = ${scope.tenantId}
          and (transaction, run_id, sequence) > (${transaction}::xid8, ${runId}, ${Number(sequence)}::bigint)
          and transaction < ${horizon}::xid8
          and kind not in ('log', 'progress')
          ${reading.isEverything ? sql`` : ofReadableRuns(reading)}
        order by transaction, run_id, sequence
        limit ${pageSize}`.execute(tx)
      const events = rows.map((row) => ({
        id: `${row.transaction}.${row.sequence}.${row.run_id}`,
        data: {
          ...viewEvent({ ...row, time: row.at, stepId: row.step_id, itemIndex: row.item_index }),
          runId: row.run_id,
        },
      }))
      const next = rows.length < pageSize ? later(position, `${horizon}.0.`) : (events.at(-1)?.id ?? position)
      this.#newest.set(scope.tenantId, { position: next, at: performance.now() })
      return { events, next }
    })
  }
}

function ofReadableRuns(reading: Reading) {
  return sql`and exists (select from runs where runs.tenant_id = run_events.tenant_id
    and runs.run_id = run_events.run_id and ${isOfProjects('runs.project_id', reading)})`
}

/** The oldest transaction that is under way: all before it have ended. */
async function horizonOf(tx: Parameters<Parameters<Database['transaction']>[1]>[0]): Promise<string> {
  const { rows } = await sql<{ readonly horizon: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as horizon`.execute(tx)
  return rows[0]?.horizon ?? '0'
}

/** A position is never left for one before it, as a client might ask for one of the future. */
function later(a: string, b: string): string {
  return BigInt(a.split('.')[0] ?? '0') > BigInt(b.split('.')[0] ?? '0') ? a : b
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const leave = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
      resolve()
    }
    const timer = setTimeout(leave, milliseconds)
    signal.addEventListener('abort', leave)
  })
}
