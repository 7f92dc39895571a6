import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { DBOS } from '@dbos-inc/dbos-sdk'
import type { WorkflowQueue } from '@dbos-inc/dbos-sdk'
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import { buildEnqueueStatus } from '@dbos-inc/dbos-sdk/internal/enqueue_options'
import { DBOSPortableJSON } from '@dbos-inc/dbos-sdk/internal/serialization'
import type { WorkflowStatusInternal } from '@dbos-inc/dbos-sdk/internal/system_database'
import type { Logger } from '../kernel/index.ts'
import type { DatabaseOwner } from '../store/index.ts'
import { engineErrors } from './errors.ts'
import { firstLine } from './leaves.ts'
import type { NodeRole } from './run-state.ts'

/**
 * The one place that knows DBOS. Each task of a run is one durable function with a deterministic id. Its row is written
 * in the transaction that makes the task necessary (see `ticket-rows.ts`). It is either enqueued, for whichever process
 * polls first and then has DBOS perform it; or, when this process has room, claimed by it in the same breath: then it
 * starts the moment the transaction is committed, and is removed in the one that records its result. In both ways a
 * ticket is marked as its executor's while it is performed, which is what DBOS recovers by when that executor is dead.
 *
 * DBOS keeps one executor per process and its registry in module state, therefore one engine per process.
 */

/** What a durable function is called with: ids only, never a tenant's data. */
export interface Ticket {
  /** Deterministic: the same task has the same id whoever enqueues it. */
  readonly id: string
  readonly kind: 'execute' | 'settle-parent' | 'cancel-child'
  readonly tenantId: string
  readonly principalId: string
  readonly runId: string
  readonly stepId: string
  readonly itemIndex: number
  readonly role: NodeRole
  readonly attempt: number
}

export interface DurableFunctionsOptions {
  readonly owner: DatabaseOwner
  readonly executorId: string
  readonly logger: Logger
  /** Steps performed at the same time by this process. */
  readonly concurrency: number
  /** How many it performs now. */
  readonly busy: () => number
  /** Performs a ticket; what it throws is a defect, expected failures are recorded by it. */
  readonly perform: (ticket: Ticket) => Promise<void>
}

/** A ticket and how DBOS stores it. */
export interface PreparedTicket {
  readonly ticket: Ticket
  readonly status: WorkflowStatusInternal
  /** Token of this process's claim; undefined when any process may take it up. */
  readonly owner: string | undefined
}

const applicationName = 'atelier'
/** Pinned: tickets are short and their meaning does not change with the code around them. */
const applicationVersion = 'tickets-1'
const functionName = 'atelier.ticket'
export const durableSchema = 'dbos'
/** Where DBOS keeps its rows, and what it has done to the schema. */
export const durableLibrary = { schema: durableSchema, history: 'dbos_migrations' } as const
const queueNames = { steps: 'atelier-steps', control: 'atelier-control' } as const
type QueueKind = keyof typeof queueNames
const pollingIntervalMs = 100

/** DBOS's executor is one per process, and so is this. */
let occupied = false

export class DurableFunctions {
  readonly #options: DurableFunctionsOptions
  readonly #delays = new Set<NodeJS.Timeout>()
  readonly #wanted = new Set<QueueKind>()
  /** Ids of tickets that were claimed in the transaction that wrote them. */
  readonly #performing = new Set<string>()
  #polling: NodeJS.Timeout | undefined
  readonly #looking = new Set<QueueKind>()
  #queues: Readonly<Record<QueueKind, WorkflowQueue>> | undefined
  /** Steps may wait in the queue for a place to become free here. */
  #backlog = false
  #launched = false
  #doubtful = false

  constructor(options: DurableFunctionsOptions) {
    this.#options = options
  }

  /** Starts polling; tickets that this executor left unfinished are enqueued again. */
  async launch(): Promise<void> {
    if (occupied) throw engineErrors.ONE_PER_PROCESS()
    occupied = true
    this.#launched = true
    const { owner, executorId, logger, perform } = this.#options
    try {
      const performAndLookOn = async (ticket: Ticket): Promise<void> => {
        await perform(ticket)
        if (this.#backlog) this.#look('steps')
      }
      DBOS.registerWorkflow(performAndLookOn, {
        name: functionName,
        // How often a step may be taken up again is the scheduler's to decide.
        maxRecoveryAttempts: 1_000_000_000,
      })
      DBOS.setConfig({
        name: applicationName,
        applicationVersion,
        executorID: executorId,
        systemDatabaseUrl: owner.url,
        systemDatabasePool: owner.pool,
        systemDatabaseSchemaName: durableSchema,
        runMigrations: false,
        useListenNotify: false,
        schedulerPollingIntervalMs: 3_600_000,
        // The queues of tickets are polled here, where it is known how much this process has to do.
        listenQueues: [],
        logger: dbosLogger(logger),
      })
      await DBOS.launch()
      const { concurrency: workerConcurrency } = this.#options
      const onConflict = 'always_update' as const
      this.#queues = {
        control: await DBOS.registerQueue(queueNames.control, { onConflict }),
        steps: await DBOS.registerQueue(queueNames.steps, { onConflict, workerConcurrency }),
      }
      this.#polling = setInterval(() => {
        this.#look('steps')
        this.#look('control')
      }, pollingIntervalMs)
      this.#polling.unref()
    } catch (error) {
      await this.#leave()
      throw error
    }
  }

  /** The row of a ticket; `delayMs` from now, or claimed for this process under the token `owner`. */
  async prepare(ticket: Ticket, delayMs: number, owner: string | undefined): Promise<PreparedTicket> {
    const queueName = queueNames[ticket.kind === 'execute' ? 'steps' : 'control']
    const options = {
      queueName,
      workflowName: functionName,
      workflowID: ticket.id,
      appVersion: applicationVersion,
      applicationName,
      serializationType: 'portable' as const,
      ...(delayMs > 0 ? { delaySeconds: delayMs / 1000 } : {}),
    }
    const status = await buildEnqueueStatus(options, DBOSPortableJSON, [ticket])
    if (owner === undefined) return { ticket, status, owner }
    const { executorId } = this.#options
    return { ticket, status: { ...status, status: 'PENDING', executorId, recoveryAttempts: 1 }, owner }
  }

  /** Starts what was claimed for this process, and looks for what was enqueued rather than wait for the next poll. */
  start(tickets: readonly PreparedTicket[]): void {
    // A process that only asks, and performs nothing, leaves all of it to the queue.
    if (!this.#launched) return
    for (const { ticket, status, owner } of tickets) {
      if (owner !== undefined) this.#performHere(ticket)
      else if (status.delayUntilEpochMS !== undefined) this.#lookAt(status.delayUntilEpochMS)
      else if (status.queueName === queueNames.control) this.#look('control')
      else this.#look('steps')
    }
  }

  /** The ticket is this process's already, and is removed in the transaction that records its work. */
  #performHere(ticket: Ticket): void {
    this.#performing.add(ticket.id)
    this.#options
      .perform(ticket)
      .catch((error: unknown) => this.#report(ticket.id, error))
      .finally(() => {
        this.#performing.delete(ticket.id)
        if (this.#backlog) this.#look('steps')
      })
  }

  /** Takes tickets from a queue: ten times a second, and at once where this process knows that there is one. */
  #look(kind: QueueKind): void {
    this.#wanted.add(kind)
    if (this.#looking.has(kind)) return
    this.#looking.add(kind)
    void this.#lookWhileWanted(kind)
  }

  async #lookWhileWanted(kind: QueueKind): Promise<void> {
    try {
      while (this.#launched && this.#wanted.delete(kind)) await this.#dequeue(kind)
    } catch (error) {
      this.#report(queueNames[kind], error)
    } finally {
      this.#looking.delete(kind)
    }
  }

  async #dequeue(kind: QueueKind): Promise<void> {
    const queue = this.#queues?.[kind]
    const { concurrency, executorId, busy } = this.#options
    if (queue === undefined) return
    const isFull = kind === 'steps' && busy() >= concurrency
    if (kind === 'steps') this.#backlog = isFull
    if (isFull) return
    const owner = randomUUID()
    const { systemDatabase } = executor()
    const ids = await systemDatabase.findAndMarkStartableWorkflows(
      queue,
      executorId,
      applicationVersion,
      undefined,
      busy(),
      0,
      owner,
    )
    if (kind === 'steps' && ids.length > 0) this.#backlog = true
    await executor().dispatchDequeuedWorkflows(ids, owner)
  }

  /** Enqueues again what these executors, which are dead, were performing. Returns how many tickets. */
  async recover(executorIds: readonly string[]): Promise<number> {
    const handles = await executor().recoverPendingWorkflows([...executorIds])
    return handles.length
  }

  /**
   * Says that a claim may have been committed that this process does not know of. Such tickets are marked as this
   * executor's but not performed by it; they are looked for when the database is back and enqueued again.
   */
  doubt(): void {
    if (this.#doubtful || !this.#launched) return
    this.#doubtful = true
    void this.#enqueueForgotten().catch((error: unknown) => {
      this.#doubtful = false
      this.#report('forgotten tickets', error)
    })
  }

  async #enqueueForgotten(): Promise<void> {
    const { owner, executorId } = this.#options
    let suspects: readonly string[] | undefined
    while (this.#launched) {
      await delay(1000, undefined, { ref: false })
      const forgotten = await this.#markedButIdle(suspects).catch(() => undefined)
      if (forgotten === undefined) continue
      // A ticket that was claimed this very moment may look forgotten; not so a second later.
      if (suspects !== undefined && forgotten.length > 0)
        await owner.pool.query(
          `update ${durableSchema}.workflow_status
           set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null
           where status = 'PENDING' and executor_id = $1 and workflow_uuid = any($2)`,
          [executorId, forgotten],
        )
      if (suspects !== undefined || forgotten.length === 0) break
      suspects = forgotten
    }
    this.#doubtful = false
  }

  async #markedButIdle(among: readonly string[] | undefined): Promise<readonly string[]> {
    const { owner, executorId } = this.#options
    const { rows } = await owner.pool.query<{ id: string }>(
      `select workflow_uuid as id from ${durableSchema}.workflow_status
       where status = 'PENDING' and executor_id = $1 and ($2::text[] is null or workflow_uuid = any($2))`,
      [executorId, among ?? null],
    )
    const { systemDatabase } = executor()
    return rows
      .map(({ id }) => id)
      .filter((id) => !this.#performing.has(id) && !systemDatabase.checkForRunningWorkflow(id))
  }

  /** Leaves what is in the queues to other processes. */
  stopTaking(): void {
    clearInterval(this.#polling)
    for (const timer of this.#delays) clearTimeout(timer)
    this.#queues = undefined
  }

  /** What has ended is given a moment to be recorded; what has not keeps its ticket. */
  async shutdown(): Promise<void> {
    if (!this.#launched) return
    this.stopTaking()
    try {
      await DBOS.shutdown({ workflowCompletionTimeoutMS: 500 })
    } finally {
      await this.#leave()
    }
  }

  async #leave(): Promise<void> {
    await DBOS.shutdown({ deregister: true })
    this.#launched = false
    occupied = false
  }

  /** DBOS looks for delayed tickets once a second; for those of this process a timer knows better. */
  #lookAt(epochMs: number): void {
    const waitMs = Math.max(0, epochMs - Date.now()) + 1
    if (waitMs > 60_000) return
    const timer = setTimeout(() => {
      this.#delays.delete(timer)
      executor()
        .systemDatabase.transitionDelayedWorkflows()
        .then(() => this.#look('steps'))
        .catch((error: unknown) => this.#report('delayed tickets', error))
    }, waitMs)
    timer.unref()
    this.#delays.add(timer)
  }

  #report(subject: string, error: unknown): void {
    this.#options.logger.log(
      'debug',
      { subject, error: firstLine(error) },
      'a durable function was left to its next owner',
    )
  }
}

function executor(): DBOSExecutor {
  const { globalInstance } = DBOSExecutor
  if (globalInstance === undefined) throw engineErrors.NOT_LAUNCHED()
  return globalInstance
}

/** DBOS tells about its own start and every poll; in the studio's log that is detail. */
function dbosLogger(logger: Logger) {
  const child = logger.child({ component: 'dbos' })
  const at = (level: 'debug' | 'warn') => (entry: unknown) => {
    child.log(level, {}, firstLine(entry))
  }
  return { info: at('debug'), debug: at('debug'), warn: at('debug'), error: at('warn') }
}
