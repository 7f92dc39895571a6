import type { TenantId } from '../kernel/index.ts'
import type { LiveRun, RunChanges } from './live-run.ts'
import type { RunEvent, WatchOptions } from './ports.ts'

/** Milliseconds after which a watcher looks for what other processes have done. */
const pollingMs = 300
/** A watcher that is this far behind reads from the database. */
const longestBacklog = 1000

export interface EventPage {
  readonly events: readonly RunEvent[]
  /** The run has ended, and nothing comes after these. */
  readonly isLast: boolean
}

/** Hands what happens in this process to those who watch; what other processes do is found by looking. */
export class RunWatchers {
  readonly #inboxes = new Map<string, Set<Inbox>>()

  /** Tells of the events of a change that was committed. */
  notify({ header }: LiveRun, { events }: RunChanges): void {
    const inboxes = this.#inboxes.get(key(header.tenantId, header.runId))
    if (inboxes === undefined || events.length === 0) return
    const page: EventPage = {
      events: events.map(({ at, ...event }) => ({ ...event, time: new Date(at) })),
      isLast: header.phase === 'ended',
    }
    for (const inbox of inboxes) inbox.put(page)
  }

  /**
   * Events in order as `read` finds them after a position, until the run has ended or the signal is aborted. A run
   * that is resumed goes on having events: watch it again from the last sequence.
   */
  async *watch(
    tenantId: TenantId,
    runId: string,
    { afterSequence = 0, follow = true, signal }: WatchOptions,
    read: (afterSequence: number) => Promise<EventPage>,
  ): AsyncGenerator<RunEvent, void, undefined> {
    const inbox = this.#open(tenantId, runId)
    const leave = (): void => inbox.ring()
    signal?.addEventListener('abort', leave)
    let position = afterSequence
    try {
      while (!isAborted(signal)) {
        const page = inbox.take(position) ?? (await read(position))
        for (const event of page.events) {
          yield event
          position = event.sequence
        }
        if (page.isLast) return
        if (page.events.length > 0) continue
        if (!follow) return
        await inbox.wait(pollingMs)
      }
    } finally {
      signal?.removeEventListener('abort', leave)
      this.#close(tenantId, runId, inbox)
    }
  }

  #open(tenantId: TenantId, runId: string): Inbox {
    const inbox = new Inbox()
    const inboxes = this.#inboxes.get(key(tenantId, runId)) ?? new Set()
    this.#inboxes.set(key(tenantId, runId), inboxes.add(inbox))
    return inbox
  }

  #close(tenantId: TenantId, runId: string, inbox: Inbox): void {
    const inboxes = this.#inboxes.get(key(tenantId, runId))
    inboxes?.delete(inbox)
    if (inboxes?.size === 0) this.#inboxes.delete(key(tenantId, runId))
  }
}

/** Events on their way to one watcher. */
class Inbox {
  #events: RunEvent[] = []
  #isLast = false
  #rung = false
  #wake: (() => void) | undefined

  put({ events, isLast }: EventPage): void {
    if (this.#events.length < longestBacklog) this.#events.push(...events)
    this.#isLast = isLast
    this.ring()
  }

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** What follows without a gap on a position; undefined when that is not here. */
  take(position: number): EventPage | undefined {
    const events = this.#events.filter(({ sequence }) => sequence > position)
    this.#events = []
    const isComplete = events.every(({ sequence }, index) => sequence === position + 1 + index)
    return events.length > 0 && isComplete ? { events, isLast: this.#isLast } : undefined
  }

  async wait(milliseconds: number): Promise<void> {
    if (!this.#rung)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#rung = false
    this.#wake = undefined
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function key(tenantId: TenantId, runId: string): string {
  return `${tenantId}/${runId}`
}
