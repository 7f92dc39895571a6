import type { Clock } from '../../../kernel/index.ts'

/** Share of a minute's amount that may be used at once. */
const burst = 1 / 6

/** Lets through so much per minute, with short bursts. What is larger than a burst passes when the bucket is full. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #perMs: number
  readonly #capacity: number
  #level: number
  #at: number

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock
    this.#perMs = perMinute / 60_000
    this.#capacity = Math.max(1, perMinute * burst)
    this.#level = this.#capacity
    this.#at = clock.now()
  }

  /** Milliseconds until so much may be taken. */
  waitMs(amount: number): number {
    this.#refill()
    const missing = Math.min(amount, this.#capacity) - this.#level
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs)
  }

  take(amount: number): void {
    this.#refill()
    this.#level -= amount
  }

  #refill(): void {
    const now = this.#clock.now()
    this.#level = Math.min(this.#capacity, this.#level + Math.max(0, now - this.#at) * this.#perMs)
    this.#at = now
  }
}
