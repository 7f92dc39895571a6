import { createIdempotencyKey, type Decision } from '../api/index.ts'

/**
 * Gives each decision its key: trying the same one again uses the same key, so that it counts once however often it is
 * sent; a decision that was changed meanwhile is another one.
 */
export class DecisionKeys {
  #last: { readonly body: string; readonly key: string } | undefined

  keyFor(decision: Decision): string {
    const body = JSON.stringify(decision)
    if (this.#last?.body !== body) this.#last = { body, key: createIdempotencyKey() }
    return this.#last.key
  }
}
