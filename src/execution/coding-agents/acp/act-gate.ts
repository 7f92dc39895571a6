import { codingAgentErrors } from '../errors.ts'

/** How many acts an agent may ask for, all together and at the same time. */
export class ActGate {
  readonly #limits: { readonly acts: number; readonly concurrentActs: number }
  #asked = 0
  #open = 0

  constructor(limits: { readonly acts: number; readonly concurrentActs: number }) {
    this.#limits = limits
  }

  /**
   * Does work as one act. Refused acts count as asked for, so that nobody asks for ever.
   *
   * @throws ATL_CODING_AGENT_LIMIT_REACHED
   */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    const { acts, concurrentActs } = this.#limits
    this.#asked += 1
    if (this.#asked > acts) throw codingAgentErrors.LIMIT_REACHED({ detail: `more than ${acts} requests` })
    if (this.#open >= concurrentActs)
      throw codingAgentErrors.LIMIT_REACHED({
        detail: `more than ${concurrentActs} requests at the same time`,
      })
    this.#open += 1
    try {
      return await work()
    } finally {
      this.#open -= 1
    }
  }
}
