/** A map that takes up to so many bytes, by what is said of its entries, and forgets what was not used for longest. */
export class RecentlyUsed<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly bytes: number }>()
  readonly #capacity: number
  #bytes = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** Keeps a value, in place of what was there; one that is larger than the map may be is not kept. */
  set(key: string, value: T, bytes: number): void {
    this.#bytes += bytes - (this.#entries.get(key)?.bytes ?? 0)
    this.#entries.delete(key)
    this.#entries.set(key, { value, bytes })
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#capacity) return
      this.#entries.delete(oldest)
      this.#bytes -= entry.bytes
    }
  }
}
