/** What somebody decides about a run, as the API takes it. */
export interface DecisionBody {
  readonly decision: 'approved' | 'rejected' | 'changes-requested'
  readonly reason: string
  /** Digest of what was shown: the studio refuses when it is another one by now. */
  readonly subject: string
}

/** A name that no other request has. Unlike `crypto.randomUUID`, this also works where the page came over plain HTTP. */
export function createIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

/**
 * Gives each decision its key: trying the same one again uses the same key, so that it counts once however often it is
 * sent; a decision that was changed meanwhile is another one.
 */
export class DecisionKeys {
  #last: { readonly body: string; readonly key: string } | undefined

  keyFor(body: DecisionBody): string {
    const text = JSON.stringify(body)
    if (this.#last?.body !== text) this.#last = { body: text, key: createIdempotencyKey() }
    return this.#last.key
  }
}
