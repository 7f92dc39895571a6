import type { Digest } from '../kernel/index.ts'
import type { Plan } from './plan.ts'

/**
 * Plans by the digest of what they were read from, which never changes, so they are read and checked once per process.
 * A release that knows more of definitions may read one to a plan with another digest than the one it was stored under.
 */
export class PlanCache {
  readonly #plans = new Map<string, Plan>()

  add(plan: Plan, digest = plan.digest): void {
    this.#plans.delete(digest)
    this.#plans.set(digest, plan)
    const [oldest] = this.#plans.keys()
    if (this.#plans.size > 500 && oldest !== undefined) this.#plans.delete(oldest)
  }

  get(digest: Digest): Plan | undefined {
    return this.#plans.get(digest)
  }
}
