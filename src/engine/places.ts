/** How many steps this process performs at once; none before it is opened. */
export class Places {
  readonly #limit: number
  #taken = 0
  #open = false

  constructor(limit: number) {
    this.#limit = limit
  }

  get taken(): number {
    return this.#taken
  }

  /** Takes a place if one is free. */
  take(): boolean {
    if (!this.#open || this.#taken >= this.#limit) return false
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

  open(): void {
    this.#open = true
  }

  close(): void {
    this.#open = false
  }
}
