import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import type { Clock, Logger, PrincipalId, RunId, TenantId } from '../kernel/index.ts'
import { AtelierError } from '../kernel/index.ts'
import { storeErrors } from '../store/index.ts'
import type { Database } from '../store/index.ts'
import type { DurableFunctions, PreparedTicket, Ticket } from './durable-functions.ts'
import { engineErrors } from './errors.ts'
import { claim, firstLine, isDue } from './leaves.ts'
import type { LiveRun, RunChanges, Task } from './live-run.ts'
import { exchangeLocks, lockBatch } from './resource-locks.ts'
import type { LockGrant } from './resource-locks.ts'
import { RunCache } from './run-cache.ts'
import { collectRows } from './run-rows.ts'
import type { NodeState } from './run-state.ts'
import type { PlanCache } from './plan-cache.ts'
import { emptyWriteSet, isOutdated, loadRun, lockRuns, writeAll, writeStatement } from './run-store.ts'
import { ticketRow } from './ticket-rows.ts'
import { grantedTicket, ticketOf } from './tickets.ts'

/** One change of one run. */
export interface RunCommand<T> {
  readonly tenantId: TenantId
  readonly runId: RunId
  /**
   * Changes the run, or throws an `AtelierError` before it changed anything. Called again, on the run as it is then,
   * when the transaction has to be repeated.
   */
  readonly apply: (run: LiveRun) => T
  /** Makes the run where there is none; without it that is an error. */
  readonly create?: () => LiveRun
  /** Load every output, for a change of the plan. */
  readonly everything?: boolean
  /** Wait for a database that is away, however long; otherwise the command fails. */
  readonly persistent?: boolean
  /** Roughly how many bytes it will write. */
  readonly weight?: number
}

/** A node that this process took up in the transaction that made it ready. */
export interface LocalClaim {
  readonly ticket: Ticket
  readonly run: LiveRun
  readonly node: NodeState
}

export interface RunWriterOptions {
  readonly database: Database
  readonly functions: DurableFunctions
  readonly plans: PlanCache
  readonly clock: Clock
  readonly logger: Logger
  readonly executorId: string
  /** Takes a place for one more step in this process, if there is one. */
  readonly takePlace: () => boolean
  readonly returnPlace: () => void
  /** Told of what was claimed before it is started; the place goes with it. */
  readonly onClaim: (claim: LocalClaim) => void
  /** Told of every run that changed, after the commit. */
  readonly onChange: (run: LiveRun, changes: RunChanges) => void
  /** Told that a transaction may have been committed without this process knowing. */
  readonly onDoubt: () => void
}

interface Pending {
  readonly command: RunCommand<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Written {
  readonly answers: readonly Answer[]
  readonly changed: readonly { readonly run: LiveRun; readonly changes: RunChanges }[]
  readonly tickets: readonly PreparedTicket[]
}

type Answer = { readonly value: unknown } | { readonly refusal: AtelierError }

const largestBatch = 200
const heaviestBatch = 32 * 1024 * 1024
const writer = 'service:engine' as PrincipalId

/**
 * Every change of a run goes through here: it is applied to the run in memory and written in one transaction, together
 * with the tickets of the tasks that follow from it. Changes that arrive while a transaction is under way, of any runs of
 * the tenant, share the next one; so the cost of a commit is divided among all who wait for it.
 */
export class RunWriter {
  readonly #options: RunWriterOptions
  readonly #cache = new RunCache()
  readonly #queues = new Map<TenantId, Pending[]>()
  readonly #busy = new Map<TenantId, Promise<void>>()
  readonly #closing = new AbortController()

  constructor(options: RunWriterOptions) {
    this.#options = options
  }

  /** Resolves with what `apply` answered when the change is durable. */
  submit<T>(command: RunCommand<T>): Promise<T> {
    if (this.#closing.signal.aborted) return Promise.reject(engineErrors.NOT_LAUNCHED())
    const { tenantId } = command
    return new Promise<T>((resolve, reject) => {
      const pending: Pending = { command, resolve: (value) => resolve(value as T), reject }
      const queue = this.#queues.get(tenantId)
      if (queue === undefined) this.#queues.set(tenantId, [pending])
      else queue.push(pending)
      if (!this.#busy.has(tenantId)) this.#busy.set(tenantId, this.#drain(tenantId))
    })
  }

  /** Ends when what was submitted has been written; what a database that is away cannot take is given up. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#busy.values())
  }

  async #drain(tenantId: TenantId): Promise<void> {
    // Everything submitted in the same turn of the event loop goes into the first batch.
    await Promise.resolve()
    const queue = this.#queues.get(tenantId) ?? []
    while (queue.length > 0) await this.#write(tenantId, takeBatch(queue))
    this.#busy.delete(tenantId)
  }

  async #write(tenantId: TenantId, batch: readonly Pending[]): Promise<void> {
    let open = batch
    for (let pauseMs = 25; open.length > 0; pauseMs = Math.min(pauseMs * 2, 1000)) {
      try {
        await this.#commit(tenantId, open)
        return
      } catch (error) {
        for (const { command } of open) this.#cache.drop(tenantId, command.runId)
        if (!isTransient(error)) {
          await this.#writeEach(tenantId, open, error)
          return
        }
        this.#options.onDoubt()
        this.#options.logger.log('warn', { error: firstLine(error) }, 'writing runs will be tried again')
        if (isAway(error)) open = this.#giveUpImpatient(tenantId, open, error)
        await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      }
    }
  }

  /** One of them cannot be written; the others must not suffer for it. */
  async #writeEach(tenantId: TenantId, batch: readonly Pending[], error: unknown): Promise<void> {
    if (batch.length === 1) for (const { reject } of batch) reject(error)
    else for (const pending of batch) await this.#write(tenantId, [pending])
  }

  /** Nobody who asks for something is left waiting for a database that is away; results of steps are kept. */
  #giveUpImpatient(tenantId: TenantId, batch: readonly Pending[], error: unknown): readonly Pending[] {
    const isPatient = ({ command }: Pending): boolean =>
      command.persistent === true && !this.#closing.signal.aborted
    const queue = this.#queues.get(tenantId) ?? []
    const waiting = queue.splice(0)
    queue.push(...waiting.filter(isPatient))
    for (const pending of [...batch, ...waiting]) if (!isPatient(pending)) pending.reject(error)
    return batch.filter(isPatient)
  }

  async #commit(tenantId: TenantId, batch: readonly Pending[]): Promise<void> {
    const claims: LocalClaim[] = []
    try {
      const known = this.#known(tenantId, batch)
      const written =
        (known && (await this.#commitKnown(tenantId, batch, known, claims))) ??
        (await this.#commitLocked(tenantId, batch, claims))
      this.#announce(batch, written, claims)
    } catch (error) {
      this.#returnPlaces(claims)
      throw error
    }
  }

  #announce(batch: readonly Pending[], written: Written, claims: readonly LocalClaim[]): void {
    for (const { run, changes } of written.changed) {
      this.#cache.put(run)
      this.#options.onChange(run, changes)
    }
    for (const claimed of claims) this.#options.onClaim(claimed)
    this.#options.functions.start(written.tickets)
    for (const [index, answer] of written.answers.entries())
      if ('refusal' in answer) batch[index]?.reject(answer.refusal)
      else batch[index]?.resolve(answer.value)
  }

  #returnPlaces(claims: LocalClaim[]): void {
    claims.splice(0).forEach(() => this.#options.returnPlace())
  }

  /** The runs of the batch, where this process has a copy of each or makes it; then they need not be read. */
  #known(tenantId: TenantId, batch: readonly Pending[]): Map<string, LiveRun> | undefined {
    const runs = new Map<string, LiveRun>()
    for (const { command } of batch) {
      const cached = this.#cache.get(tenantId, command.runId)
      if (cached !== undefined) runs.set(command.runId, cached)
      else if (command.create === undefined && !runs.has(command.runId)) return undefined
      if (command.everything === true && cached !== undefined) return undefined
    }
    return runs
  }

  /**
   * One statement, one round trip: the changes are made to the copies in memory, and written on the condition that these
   * are what is in the database. Undefined when they are not, or when it takes more than that.
   */
  async #commitKnown(
    tenantId: TenantId,
    batch: readonly Pending[],
    runs: Map<string, LiveRun>,
    claims: LocalClaim[],
  ): Promise<Written | undefined> {
    const answers = batch.map(({ command }) => this.#apply(runs, command))
    const touched = [...runs.values()].filter((run) => run.hasChanged())
    const forget = (): void => {
      for (const { command } of batch) this.#cache.drop(tenantId, command.runId)
      this.#returnPlaces(claims)
    }
    if (lockBatch(touched.map((run) => [run, run.changes] as const)) !== undefined) {
      forget()
      return undefined
    }
    const { set, ...written } = await this.#prepare(tenantId, touched, [], claims)
    const statement = writeStatement(tenantId, set)
    try {
      if (statement !== undefined)
        await this.#options.database.execute({ kind: 'tenant', tenantId, principalId: writer }, statement)
      return { answers, ...written }
    } catch (error) {
      if (!isOutdated(error)) throw error
      forget()
      return undefined
    }
  }

  /** Reads the runs under a lock that is held until the changes are written. */
  #commitLocked(tenantId: TenantId, batch: readonly Pending[], claims: LocalClaim[]): Promise<Written> {
    const scope = { kind: 'tenant', tenantId, principalId: writer } as const
    return this.#options.database.transaction(scope, async (_tx, client) => {
      const runs = await this.#load(client, tenantId, batch)
      const answers = batch.map(({ command }) => this.#apply(runs, command))
      const touched = [...runs.values()].filter((run) => run.hasChanged())
      const locks = lockBatch(touched.map((run) => [run, run.changes] as const))
      const grants = locks === undefined ? [] : await exchangeLocks(client, tenantId, locks)
      const { set, ...written } = await this.#prepare(tenantId, touched, grants, claims)
      await writeAll(client, tenantId, set)
      return { answers, ...written }
    })
  }

  async #load(
    client: PoolClient,
    tenantId: TenantId,
    batch: readonly Pending[],
  ): Promise<Map<string, LiveRun>> {
    const wanted = new Map<string, boolean>()
    for (const { command } of batch)
      wanted.set(command.runId, (command.everything ?? false) || wanted.get(command.runId) === true)
    const headers = await lockRuns(client, tenantId, [...wanted.keys()])
    const runs = new Map<string, LiveRun>()
    for (const [runId, header] of headers) {
      const cached = this.#cache.get(tenantId, runId)
      const everything = wanted.get(runId) === true
      const isCurrent = cached?.header.revision === header.revision && !everything
      const run =
        cached !== undefined && isCurrent
          ? cached
          : await loadRun(client, header, this.#options.plans, everything)
      runs.set(runId, run)
    }
    return runs
  }

  #apply(runs: Map<string, LiveRun>, command: RunCommand<unknown>): Answer {
    const known = runs.get(command.runId)
    try {
      const run = known ?? command.create?.()
      if (run === undefined) throw engineErrors.UNKNOWN_RUN({ detail: command.runId })
      run.now = Math.max(this.#options.clock.now(), run.header.createdAt)
      const value = command.apply(run)
      runs.set(command.runId, run)
      return { value }
    } catch (error) {
      // Anything else is a defect, which may have left the run half changed: the batch is rolled back.
      if (!(error instanceof AtelierError)) throw error
      return { refusal: error }
    }
  }

  /** Closes the changes of the runs: their rows, and the tickets of what follows from them. */
  async #prepare(
    tenantId: TenantId,
    touched: readonly LiveRun[],
    grants: readonly LockGrant[],
    claims: LocalClaim[],
  ) {
    const preparing: Promise<PreparedTicket>[] = []
    const { functions } = this.#options
    for (const run of touched)
      for (const task of run.changes.tasks) {
        if (isOver(run, task)) continue
        const ticket = ticketOf(run, task)
        const owner = this.#claimHere(run, task, ticket, claims)
        preparing.push(functions.prepare(ticket, task.kind === 'execute' ? task.delayMs : 0, owner))
      }
    for (const grant of grants)
      preparing.push(functions.prepare(grantedTicket(tenantId, grant), 0, undefined))
    const tickets = await Promise.all(preparing)
    const changed = touched.map((run) => ({ run, changes: run.finish() }))
    const set = emptyWriteSet()
    for (const { run, changes } of changed) collectRows(run, changes, set)
    set.tickets.push(...tickets.map((ticket) => ticketRow(ticket, randomUUID())))
    return { changed, tickets, set }
  }

  /** With a place free here, a step is claimed for this process and starts as soon as the transaction is committed. */
  #claimHere(run: LiveRun, task: Task, ticket: Ticket, claims: LocalClaim[]): string | undefined {
    if (task.kind !== 'execute' || task.delayMs > 0 || !this.#options.takePlace()) return undefined
    const token = randomUUID()
    const ready = run.find(task.node)
    const node = ready && claim(run, ready, task.attempt, this.#options.executorId, token)
    if (node === undefined) {
      this.#options.returnPlace()
      return undefined
    }
    claims.push({ ticket, run, node })
    return token
  }
}

/** Cancelled in the same transaction that made it ready. */
function isOver(run: LiveRun, task: Task): boolean {
  if (task.kind !== 'execute') return false
  const node = run.find(task.node)
  return node === undefined || !isDue(node, task.attempt)
}

function takeBatch(queue: Pending[]): readonly Pending[] {
  let count = 0
  let weight = 0
  for (const { command } of queue) {
    weight += command.weight ?? 0
    if (count > 0 && (weight > heaviestBatch || count >= largestBatch)) break
    count += 1
  }
  return queue.splice(0, count)
}

function isTransient(error: unknown): boolean {
  return isAway(error) || (error instanceof AtelierError && undone.includes(error.code))
}

/** Nothing came of what failed so. */
const undone: readonly string[] = [storeErrors.CONFLICT.code, storeErrors.BUSY.code]

function isAway(error: unknown): boolean {
  return error instanceof AtelierError && error.code === storeErrors.UNAVAILABLE.code
}
