import type { TenantId } from '../kernel/index.ts'
import type { RunEvent, WatchOptions } from './ports.ts'

/** Milliseconds after which a watcher looks again for what other processes have done. */
const pollingMs = 300

export interface EventPage {
  readonly events: readonly RunEvent[]
  /** The run has ended, and nothing comes after these. */
  readonly isLast: boolean
}

/** Wakes those who watch a run in this process; other processes' changes are found by looking. */
export class RunWatchers {
  readonly #wakers = new Map<string, Set<() => void>>()

  notify(tenantId: TenantId, runId: string): void {
    for (const wake of this.#wakers.get(key(tenantId, runId)) ?? []) wake()
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
    const bell = new Bell()
    const wakers = this.#wakers.get(key(tenantId, runId)) ?? new Set()
    this.#wakers.set(key(tenantId, runId), wakers.add(bell.ring))
    signal?.addEventListener('abort', bell.ring)
    try {
      for (let position = afterSequence; signal?.aborted !== true;) {
        const { events, isLast } = await read(position)
        for (const event of events) {
          yield event
          position = event.sequence
        }
        if (isLast) return
        if (events.length > 0) continue
        if (!follow) return
        await bell.wait(pollingMs)
      }
    } finally {
      signal?.removeEventListener('abort', bell.ring)
      wakers.delete(bell.ring)
      if (wakers.size === 0) this.#wakers.delete(key(tenantId, runId))
    }
  }
}

/** Remembers a ring that came while nobody was waiting. */
class Bell {
  #rung = false
  #wake: (() => void) | undefined

  readonly ring = (): void => {
    this.#rung = true
    this.#wake?.()
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

function key(tenantId: TenantId, runId: string): string {
  return `${tenantId}/${runId}`
}
