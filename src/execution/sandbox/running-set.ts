import { sandboxErrors } from './errors.ts'
import type { KillSwitch } from './supervision.ts'

/** The processes of one sandbox, and whether it still exists. */
export class RunningSet {
  readonly #id: string
  readonly #running = new Map<KillSwitch, Promise<unknown>>()
  #destroyed = false

  constructor(id: string) {
    this.#id = id
  }

  /** @throws ATL_SANDBOX_DESTROYED */
  assertAlive(): void {
    if (this.#destroyed) throw sandboxErrors.DESTROYED({ detail: this.#id })
  }

  /** @throws ATL_SANDBOX_BUSY, ATL_SANDBOX_DESTROYED */
  assertIdle(): void {
    this.assertAlive()
    if (this.#running.size > 0)
      throw sandboxErrors.BUSY({ detail: `${this.#running.size} still running in ${this.#id}` })
  }

  /** Remembers a process tree until `ended` settles. */
  add(kill: KillSwitch, ended: Promise<unknown>): void {
    const forget = (): void => {
      this.#running.delete(kill)
    }
    this.#running.set(kill, ended.then(forget, forget))
  }

  /** Ends everything; afterwards the sandbox counts as destroyed. Returns false if it was before. */
  async destroy(): Promise<boolean> {
    if (this.#destroyed) return false
    this.#destroyed = true
    for (const kill of this.#running.keys()) kill.trip('cancelled')
    await Promise.all(this.#running.values())
    return true
  }
}
