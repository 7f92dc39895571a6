import type { Digest } from '../kernel/index.ts'
import type { Plan } from './plan.ts'

/** Plans by their digest; they never change, so they are read and checked once per process. */
export class PlanCache {
  readonly #plans = new Map<string, Plan>()

  add(plan: Plan): void {
    this.#plans.delete(plan.digest)
    this.#plans.set(plan.digest, plan)
    const [oldest] = this.#plans.keys()
    if (this.#plans.size > 500 && oldest !== undefined) this.#plans.delete(oldest)
  }

  get(digest: Digest): Plan | undefined {
    return this.#plans.get(digest)
  }
}
