import { setTimeout as delay } from 'node:timers/promises'
import type { Logger, TenantId } from '../kernel/index.ts'
import { engineErrors } from './errors.ts'
import { firstLine } from './leaves.ts'
import type { LiveRun, RunChanges } from './live-run.ts'
import type { RunEvent, TenantScope, WatchOptions } from './ports.ts'

/** Milliseconds between two looks at what other processes have done. */
const pollingMs = 100
/** Events of a run that are kept for those who watch it; a watcher that is further behind reads from the database. */
const longestBacklog = 1000

export interface EventPage {
  readonly events: readonly RunEvent[]
  /** The run has ended, and nothing comes after these. */
  readonly isLast: boolean
  /** How many events the run had when these were read. */
  readonly total: number
}

/** A run that somebody watches, and how far this process knows its events. */
export interface WatchedRun {
  readonly tenantId: TenantId
  readonly runId: string
  readonly sequence: number
}

/** Where the events of runs are kept. */
export interface EventSource {
  /** Of the runs those that have more events than is known, or are not there any more; whosever they are. */
  changed(runs: readonly WatchedRun[]): Promise<readonly Pick<WatchedRun, 'tenantId' | 'runId'>[]>
  /** The next events of runs after a position in each, by run; those that are not there are left out. */
  read(
    scope: TenantScope,
    runs: readonly Pick<WatchedRun, 'runId' | 'sequence'>[],
  ): Promise<ReadonlyMap<string, EventPage>>
}

/**
 * Hands what happens in this process to those who watch. What other processes do is found by one look for all runs that
 * anybody watches here, so that it costs the database the same for one watcher and for a thousand. (A notification from
 * the database would be quicker, but PostgreSQL lets only one transaction at a time commit that sends any.)
 */
export class RunWatchers {
  readonly #source: EventSource
  readonly #logger: Logger
  readonly #channels = new Map<string, Channel>()
  #looking: AbortController | undefined

  constructor({ source, logger }: { readonly source: EventSource; readonly logger: Logger }) {
    this.#source = source
    this.#logger = logger
  }

  /** Tells of the events of a change that was committed. */
  notify({ header }: LiveRun, { events }: RunChanges): void {
    const channel = this.#channels.get(keyOf(header.tenantId, header.runId))
    channel?.put(
      events.map(({ at, ...event }) => ({ ...event, time: new Date(at) })),
      header.phase === 'ended',
    )
  }

  /**
   * Events in order after a position, until the run has ended or the signal is aborted. Nothing is kept for a watcher
   * that is slow: it takes up what it has missed when it asks for more. A run that is resumed goes on having events:
   * watch it again from the last sequence.
   */
  async *watch(
    scope: TenantScope,
    runId: string,
    { afterSequence = 0, follow = true, signal }: WatchOptions,
  ): AsyncGenerator<RunEvent, void, undefined> {
    const channel = this.#join(scope, runId)
    const leave = (): void => channel.wake()
    signal?.addEventListener('abort', leave)
    let position = afterSequence
    try {
      while (!isAborted(signal)) {
        const page = channel.after(position) ?? (await this.#readInto(channel, position))
        for (const event of page.events) {
          yield event
          position = event.sequence
        }
        if (page.isLast) return
        if (page.events.length > 0) continue
        if (!follow) return
        if (!isAborted(signal)) await channel.next(position)
      }
    } finally {
      signal?.removeEventListener('abort', leave)
      this.#leave(channel)
    }
  }

  async #readInto(channel: Channel, position: number): Promise<EventPage> {
    const reading = channel.reading.get(position) ?? this.#read(channel, position)
    channel.reading.set(position, reading)
    const page = await reading
    channel.sequence ??= page.total
    return page
  }

  async #read({ scope, runId, reading }: Channel, position: number): Promise<EventPage> {
    try {
      const page = (await this.#source.read(scope, [{ runId, sequence: position }])).get(runId)
      if (page === undefined) throw engineErrors.UNKNOWN_RUN({ detail: runId })
      return page
    } finally {
      reading.delete(position)
    }
  }

  #join(scope: TenantScope, runId: string): Channel {
    const key = keyOf(scope.tenantId, runId)
    const channel = this.#channels.get(key) ?? new Channel(scope, runId)
    this.#channels.set(key, channel)
    channel.watchers += 1
    if (this.#looking === undefined) {
      this.#looking = new AbortController()
      void this.#lookAgain(this.#looking.signal)
    }
    return channel
  }

  #leave(channel: Channel): void {
    channel.watchers -= 1
    if (channel.watchers > 0) return
    this.#channels.delete(keyOf(channel.scope.tenantId, channel.runId))
    if (this.#channels.size > 0) return
    this.#looking?.abort()
    this.#looking = undefined
  }

  async #lookAgain(signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(pollingMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      try {
        await this.#look()
      } catch (error) {
        this.#logger.log('debug', { error: firstLine(error) }, 'could not look for what others have done')
        // Each of them finds out for itself what is wrong.
        for (const channel of this.#channels.values()) channel.wake()
      }
    }
  }

  async #look(): Promise<void> {
    const watched = [...this.#channels.values()].flatMap(({ scope: { tenantId }, runId, sequence }) =>
      sequence === undefined ? [] : [{ tenantId, runId, sequence }],
    )
    if (watched.length === 0) return
    const changed = (await this.#source.changed(watched)).flatMap(
      ({ tenantId, runId }) => this.#channels.get(keyOf(tenantId, runId)) ?? [],
    )
    const byTenant = Map.groupBy(changed, ({ scope }) => scope.tenantId)
    await Promise.all([...byTenant.values()].map((channels) => this.#readAll(channels)))
  }

  /** For channels of one tenant. */
  async #readAll(channels: readonly Channel[]): Promise<void> {
    const [first] = channels
    if (first === undefined) return
    const known = channels.map(({ runId, sequence = 0 }) => ({ runId, sequence }))
    const pages = await this.#source.read(first.scope, known)
    for (const channel of channels) {
      const page = pages.get(channel.runId)
      // Who waits for a run that is gone finds that out by reading.
      if (page === undefined) channel.wake()
      else channel.put(page.events, page.isLast)
    }
  }
}

/** The newest events of a run, for all who watch it here. */
class Channel {
  readonly scope: TenantScope
  readonly runId: string
  watchers = 0
  /** Of the last event that this process knows of; undefined until somebody has read. */
  sequence: number | undefined
  /** What is being read now, by the position behind which it is: those who come at the same time share it. */
  readonly reading = new Map<number, Promise<EventPage>>()
  /** Without gaps up to `sequence`. */
  #events: RunEvent[] = []
  #hasEnded = false
  readonly #waiting = new Set<() => void>()

  constructor(scope: TenantScope, runId: string) {
    this.scope = scope
    this.runId = runId
  }

  /** Events that may be known already. */
  put(events: readonly RunEvent[], hasEnded: boolean): void {
    const known = this.sequence ?? 0
    const added = events.filter(({ sequence }) => sequence > known)
    const last = added.at(-1)
    if (last === undefined) return
    const kept = added[0]?.sequence === known + 1 ? this.#events : []
    this.#events = [...kept, ...added].slice(-longestBacklog)
    this.sequence = last.sequence
    this.#hasEnded = hasEnded
    this.wake()
  }

  /** What follows on a position; undefined when that is not here. */
  after(position: number): Pick<EventPage, 'events' | 'isLast'> | undefined {
    const [first] = this.#events
    if (first === undefined || this.sequence === undefined || this.sequence <= position) return undefined
    if (first.sequence > position + 1) return undefined
    return { events: this.#events.slice(position + 1 - first.sequence), isLast: this.#hasEnded }
  }

  /** Waits, behind the last event there is, for more or for a reason to look. */
  async next(position: number): Promise<void> {
    if ((this.sequence ?? 0) > position) return
    await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function keyOf(tenantId: TenantId, runId: string): string {
  return `${tenantId}/${runId}`
}
