import { UpstreamFailure } from '../upstreams/failure.ts'
import type { Time } from './time.ts'
import { TokenBucket } from './token-bucket.ts'

export interface TurnstileLimits {
  /** Inside at the same time. */
  readonly concurrent?: number | undefined
  /** Waiting at the same time before further ones are turned away. */
  readonly waiting?: number | undefined
  readonly requestsPerMinute?: number | undefined
  readonly tokensPerMinute?: number | undefined
}

export interface Entrant {
  /** Groups take turns, whatever their number of entrants: a tenant with many calls does not hold up the others. */
  readonly group: string
  readonly tokens: number
  readonly signal: AbortSignal
}

interface Waiting extends Entrant {
  readonly admit: () => void
}

const defaultWaiting = 1000

/**
 * Lets entrants through within limits of concurrency and rate. Whoever cannot enter waits in a bounded queue: first
 * come, first served within a group, and the groups in turn.
 */
export class Turnstile {
  readonly #time: Time
  readonly #limits: TurnstileLimits
  readonly #requests: TokenBucket | undefined
  readonly #tokens: TokenBucket | undefined
  /** In the order of their turns. */
  readonly #groups = new Map<string, Waiting[]>()
  #waiting = 0
  #inside = 0
  #cancelTimer: (() => void) | undefined

  constructor(limits: TurnstileLimits, time: Time) {
    this.#time = time
    this.#limits = limits
    const bucket = (perMinute: number | undefined): TokenBucket | undefined =>
      perMinute === undefined ? undefined : new TokenBucket(time, perMinute)
    this.#requests = bucket(limits.requestsPerMinute)
    this.#tokens = bucket(limits.tokensPerMinute)
  }

  /** How many are inside and waiting. */
  get occupancy(): { readonly inside: number; readonly waiting: number } {
    return { inside: this.#inside, waiting: this.#waiting }
  }

  /**
   * Waits for a turn and answers the way out, to be taken once.
   * @throws UpstreamFailure `queue-full` when too many wait; the reason of the signal when it is aborted.
   */
  async enter(entrant: Entrant): Promise<() => void> {
    const { signal } = entrant
    signal.throwIfAborted()
    if (this.#waiting === 0 && this.#waitMs(entrant) === 0) return this.#admit(entrant)
    if (this.#waiting >= (this.#limits.waiting ?? defaultWaiting))
      throw new UpstreamFailure('queue-full', `${this.#waiting} requests wait already`)
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#remove(waiting)
        reject(signal.reason as Error)
        // It may have been the one that held up the others.
        this.#advance()
      }
      const waiting: Waiting = {
        ...entrant,
        admit: () => {
          signal.removeEventListener('abort', leave)
          resolve(this.#admit(entrant))
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#groups.set(entrant.group, [...(this.#groups.get(entrant.group) ?? []), waiting])
      this.#waiting += 1
      this.#advance()
    })
  }

  /** 0 when the entrant may enter now; Infinity when somebody has to leave first. */
  #waitMs({ tokens }: Entrant): number {
    if (this.#inside >= (this.#limits.concurrent ?? Infinity)) return Infinity
    return Math.max(this.#requests?.waitMs(1) ?? 0, this.#tokens?.waitMs(tokens) ?? 0)
  }

  #admit({ tokens }: Entrant): () => void {
    this.#inside += 1
    this.#requests?.take(1)
    this.#tokens?.take(tokens)
    let left = false
    return () => {
      if (left) return
      left = true
      this.#inside -= 1
      this.#advance()
    }
  }

  /** Lets in whoever has a turn and may enter; sets a timer where only time is missing. */
  #advance(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    for (;;) {
      const next = this.#groups.entries().next().value
      const first = next?.[1][0]
      if (next === undefined || first === undefined) return
      const waitMs = this.#waitMs(first)
      if (waitMs > 0) {
        if (waitMs !== Infinity) this.#cancelTimer = this.#time.after(waitMs, () => this.#advance())
        return
      }
      const [group, rest] = [next[0], next[1].slice(1)]
      this.#waiting -= 1
      // Behind all others.
      this.#groups.delete(group)
      if (rest.length > 0) this.#groups.set(group, rest)
      first.admit()
    }
  }

  #remove(waiting: Waiting): void {
    const rest = (this.#groups.get(waiting.group) ?? []).filter((other) => other !== waiting)
    if (rest.length > 0) this.#groups.set(waiting.group, rest)
    else this.#groups.delete(waiting.group)
    this.#waiting -= 1
  }
}
