import type { CandidateOutcome } from '../model.ts'

/** Outcomes on their way from the workers to whoever iterates. */
export class OutcomeQueue implements AsyncIterable<CandidateOutcome> {
  readonly #waiting: CandidateOutcome[] = []
  #wake: () => void = () => undefined
  #state:
    | { readonly kind: 'open' }
    | { readonly kind: 'ended' }
    | { readonly kind: 'failed'; readonly error: unknown } = {
    kind: 'open',
  }

  push(outcome: CandidateOutcome): void {
    this.#waiting.push(outcome)
    this.#wake()
  }

  end(): void {
    if (this.#state.kind === 'open') this.#state = { kind: 'ended' }
    this.#wake()
  }

  /** Ends the iteration with an error, after what was pushed before. */
  fail(error: unknown): void {
    if (this.#state.kind === 'open') this.#state = { kind: 'failed', error }
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<CandidateOutcome> {
    for (;;) {
      for (const outcome of this.#waiting.splice(0)) yield outcome
      if (this.#waiting.length > 0) continue
      if (this.#state.kind === 'failed') throw this.#state.error
      if (this.#state.kind === 'ended') return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
