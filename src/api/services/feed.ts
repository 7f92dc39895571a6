import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Database, Tx } from '../../store/index.ts'
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

/** Milliseconds between two looks at what has happened. */
const pollingMs = 100
const pageSize = 500

/** Whether a text is a position in the stream of a tenant. */
export function isFeedPosition(text: string): boolean {
  return /^\d{1,19}\.\d{1,15}\.[A-Za-z0-9._-]{0,200}$/.test(text)
}

/** Those who may read the same and wait for what follows on the same position. */
interface Waiting {
  readonly reading: Reading
  readonly position: string
  readonly page: PromiseWithResolvers<Page>
}

/**
 * What happens in the runs of a tenant, or of some of its projects, in the order of the transactions that wrote it. An
 * event is told as soon as no transaction is under way that could still put one before it, so a client that goes on
 * behind a position misses nothing and sees nothing twice.
 *
 * There is one look for all streams of this process, and one query for all who may read the same and stand at the same position,
 * as those do that are up to date; while nothing is written, not even that. Nothing is kept for a stream that is slow.
 */
export class EventFeed {
  readonly #database: Database
  readonly #waiting = new Map<string, Waiting>()
  #looking = false
  #beginning: Promise<string> | undefined

  constructor({ database }: { readonly database: Database }) {
    this.#database = database
  }

  async *watch(reading: Reading, after: string | undefined, signal: AbortSignal): AsyncGenerator<FeedEvent> {
    let position = after ?? `${await this.#begin()}.0.`
    while (!signal.aborted) {
      const page = await unlessAborted(this.#next(reading, position), signal)
      if (page === undefined) return
      yield* page.events
      position = page.next
    }
  }

  /** Where a new stream begins. Those that begin while it is asked for share the answer, which is a moment older. */
  #begin(): Promise<string> {
    this.#beginning ??= this.#horizon().finally(() => {
      this.#beginning = undefined
    })
    return this.#beginning
  }

  #horizon(): Promise<string> {
    return this.#database.transaction({ kind: 'system' }, horizonOf)
  }

  /** What follows on a position by the next look, which may be nothing. */
  #next(reading: Reading, position: string): Promise<Page> {
    const waiting = this.#waitAt(reading, position)
    if (!this.#looking) {
      this.#looking = true
      void this.#lookWhileSomebodyWaits()
    }
    return waiting.page.promise
  }

  #waitAt(reading: Reading, position: string): Waiting {
    const key = keyOf(reading, position)
    const waiting = this.#waiting.get(key) ?? { reading, position, page: Promise.withResolvers<Page>() }
    this.#waiting.set(key, waiting)
    return waiting
  }

  async #lookWhileSomebodyWaits(): Promise<void> {
    while (this.#waiting.size > 0) {
      await pause(pollingMs)
      await this.#look()
    }
    this.#looking = false
  }

  async #look(): Promise<void> {
    const waiting = [...this.#waiting.values()]
    try {
      const horizon = await this.#horizon()
      for (const one of waiting) if (one.position !== `${horizon}.0.`) await this.#tell(one, horizon)
    } catch (error) {
      for (const one of waiting) this.#forget(one).reject(error)
    }
  }

  async #tell(waiting: Waiting, horizon: string): Promise<void> {
    const page = await this.#read(waiting, horizon)
    this.#forget(waiting).resolve(page)
  }

  #forget({ reading, position, page }: Waiting): Waiting['page'] {
    this.#waiting.delete(keyOf(reading, position))
    return page
  }

  async #read({ reading, position }: Waiting, horizon: string): Promise<Page> {
    const [transaction = '0', sequence = '0', ...rest] = position.split('.')
    const runId = rest.join('.')
    const { scope } = reading
    return this.#database.transaction(scope, async (tx) => {
      const { rows } = await sql<EventRow>`
        select transaction::text as transaction, run_id, sequence, at, kind, step_id, item_index, data
        from run_events
        where tenant_id = ${scope.tenantId}
          and (transaction, run_id, sequence) > (${transaction}::xid8, ${runId}, ${Number(sequence)}::bigint)
          and transaction < ${horizon}::xid8
          and kind not in ('log', 'progress')
          ${reading.isEverything ? sql`` : ofReadableRuns(reading)}
        order by run_events.transaction, run_id, sequence
        limit ${pageSize}`.execute(tx)
      const events = rows.map((row) => ({
        id: `${row.transaction}.${row.sequence}.${row.run_id}`,
        data: {
          ...viewEvent({ ...row, time: row.at, stepId: row.step_id, itemIndex: row.item_index }),
          runId: row.run_id,
        },
      }))
      const next = rows.length < pageSize ? later(position, `${horizon}.0.`) : (events.at(-1)?.id ?? position)
      return { events, next }
    })
  }
}

function keyOf({ scope, projects, isEverything }: Reading, position: string): string {
  return JSON.stringify([scope.tenantId, isEverything || projects, position])
}

function ofReadableRuns(reading: Reading) {
  return sql`and exists (select from runs where runs.tenant_id = run_events.tenant_id
    and runs.run_id = run_events.run_id and ${isOfProjects('runs.project_id', reading)})`
}

/** The oldest transaction that is under way: all before it have ended. */
async function horizonOf(tx: Tx): Promise<string> {
  const { rows } = await sql<{ readonly horizon: string }>`
    select event_position(pg_snapshot_xmin(pg_current_snapshot()))::text as horizon`.execute(tx)
  return rows[0]?.horizon ?? '0'
}

/** A position is never left for one before it, as a client might ask for one of the future. */
function later(a: string, b: string): string {
  return BigInt(a.split('.')[0] ?? '0') > BigInt(b.split('.')[0] ?? '0') ? a : b
}

/** Undefined as soon as the signal is aborted. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>()
  const leave = (): void => resolve(undefined)
  signal.addEventListener('abort', leave)
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
