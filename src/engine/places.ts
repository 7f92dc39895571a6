/** How many steps this process performs at once. */
export class Places {
  readonly #limit: number
  #taken = 0
  #closed = false

  constructor(limit: number) {
    this.#limit = limit
  }

  get taken(): number {
    return this.#taken
  }

  /** Takes a place if one is free. */
  take(): boolean {
    if (this.#closed || this.#taken >= this.#limit) return false
    this.#taken += 1
    return true
  }

  /** For work that was already given to this process, which the queue does within the same limit. */
  takeAnyway(): void {
    this.#taken += 1
  }

  giveBack(): void {
    this.#taken -= 1
  }

  close(): void {
    this.#closed = true
  }
}
