import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from '../kernel/index.ts'
import type { DatabaseOwner } from '../store/index.ts'
import { durableSchema } from './durable-functions.ts'
import { firstLine } from './leaves.ts'

export interface ExecutorLeaseOptions {
  readonly owner: DatabaseOwner
  readonly executorId: string
  readonly staleAfterMs: number
  readonly logger: Logger
  /** Enqueues again what these executors were performing. */
  readonly recover: (executorIds: readonly string[]) => Promise<number>
}

/** How long rows of finished tickets are kept, for those who look into the durable functions themselves. */
const keepTicketsMs = 600_000
const cleanIntervalMs = 60_000

/**
 * This process's sign of life, and its eye on the others: whoever has not beaten for the stale limit is taken for dead
 * and its tickets are enqueued again. That may be wrong (the process was only frozen), and does no harm: the next take
 * of an attempt gets a new token, without which the old one cannot record anything.
 */
export class ExecutorLease {
  readonly #options: ExecutorLeaseOptions
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> = Promise.resolve()
  #cleanedAt = Date.now()
  #state: 'none' | 'held' | 'ended' = 'none'

  constructor(options: ExecutorLeaseOptions) {
    this.#options = options
  }

  /** A first beat, before anything is taken up under this id. */
  async begin(): Promise<void> {
    await this.#beat()
    this.#state = 'held'
    this.#schedule()
  }

  /** Takes over what other executors left; all of them when this process is alone, else those that are stale. */
  async takeOver(exclusive: boolean): Promise<number> {
    const { owner, executorId, staleAfterMs, recover, logger } = this.#options
    const { rows } = await owner.pool.query<{ id: string }>(
      `select distinct executor_id as id from ${durableSchema}.workflow_status as ticket
       where status = 'PENDING' and executor_id <> $1 and ($2 or not exists (
         select from executors where executors.executor_id = ticket.executor_id
           and beat_at > now() - $3 * interval '1 millisecond'))`,
      [executorId, exclusive, staleAfterMs],
    )
    if (rows.length === 0) return 0
    const dead = rows.map(({ id }) => id)
    const tickets = await recover(dead)
    if (tickets > 0) logger.log('info', { executors: dead, tickets }, 'took over what dead executors left')
    return tickets
  }

  /** Gives up the lease, and everything that is still marked as this executor's, to whoever polls first. */
  async end(): Promise<void> {
    // The id may be that of a process that works while this one only asks.
    if (this.#state !== 'held') return
    this.#state = 'ended'
    clearTimeout(this.#timer)
    await this.#beating
    const { owner, executorId } = this.#options
    await owner.pool.query(
      `update ${durableSchema}.workflow_status
       set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null
       where status = 'PENDING' and executor_id = $1`,
      [executorId],
    )
    await owner.pool.query('delete from executors where executor_id = $1', [executorId])
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#beating = this.#tick().finally(() => {
        if (this.#state === 'held') this.#schedule()
      })
    }, this.#options.staleAfterMs / 4)
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    try {
      await this.#beat()
      await this.takeOver(false)
      if (Date.now() - this.#cleanedAt > cleanIntervalMs) await this.#clean()
    } catch (error) {
      this.#options.logger.log('warn', { error: firstLine(error) }, 'the sign of life could not be given')
    }
  }

  async #beat(): Promise<void> {
    const { owner, executorId } = this.#options
    await owner.pool.query(
      `insert into executors (executor_id, host, process_id, started_at, beat_at) values ($1, $2, $3, now(), now())
       on conflict (executor_id) do update set host = $2, process_id = $3, beat_at = now()`,
      [executorId, hostname(), process.pid],
    )
  }

  /** Rows of tickets that have done their work, and of executors long gone. */
  async #clean(): Promise<void> {
    this.#cleanedAt = Date.now()
    const { pool } = this.#options.owner
    await pool.query(
      `with done as (
         delete from ${durableSchema}.workflow_status where workflow_uuid in (
           select workflow_uuid from ${durableSchema}.workflow_status
           where completed_at < $1 limit 10000 for update skip locked)
         returning workflow_uuid),
       inputs as (delete from ${durableSchema}.workflow_input using done
         where workflow_input.workflow_uuid = done.workflow_uuid)
       delete from ${durableSchema}.workflow_output using done
       where workflow_output.workflow_uuid = done.workflow_uuid`,
      [Date.now() - keepTicketsMs],
    )
    await pool.query(`delete from executors where beat_at < now() - interval '1 day'`)
  }
}

/** An id for a process that has none of its own to keep over restarts. */
export function newExecutorId(): string {
  return `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`
}
