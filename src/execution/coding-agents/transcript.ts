/** One thing that happened, as it was said; text of an agent is data. */
export interface TranscriptEntry {
  readonly kind: 'message' | 'thought' | 'tool' | 'output' | 'error' | 'refusal'
  readonly text: string
}

/** What an agent said and did, as far as it finds room. The end matters most, so the beginning goes first. */
export class Transcript {
  readonly #entries: TranscriptEntry[] = []
  readonly #capacity: number
  readonly #secret: string
  #bytes = 0
  #discarded = 0

  /** `secret` is taken out of whatever is kept; it is worth nothing after the task, and still nobody needs to read it. */
  constructor(capacityBytes: number, secret: string) {
    this.#capacity = capacityBytes
    this.#secret = secret
  }

  /** Pieces of the same kind that follow each other become one entry, as far as they are short. */
  add(kind: TranscriptEntry['kind'], text: string): void {
    if (text === '') return
    const kept = text.length > this.#capacity ? text.slice(-this.#capacity) : text
    this.#discarded += Buffer.byteLength(text) - Buffer.byteLength(kept)
    const last = this.#entries.at(-1)
    if (last?.kind === kind && kind !== 'refusal' && kind !== 'tool' && last.text.length < longestJoined)
      this.#entries[this.#entries.length - 1] = { kind, text: last.text + kept }
    else this.#entries.push({ kind, text: kept })
    this.#bytes += Buffer.byteLength(kept)
    while (this.#bytes > this.#capacity && this.#entries.length > 1) this.#drop()
  }

  get entries(): readonly TranscriptEntry[] {
    return this.#entries.map(({ kind, text }) => ({ kind, text: this.withoutSecret(text) }))
  }

  get discardedBytes(): number {
    return this.#discarded
  }

  withoutSecret(text: string): string {
    return text.replaceAll(this.#secret, '[key of the task]')
  }

  #drop(): void {
    const bytes = Buffer.byteLength(this.#entries.shift()?.text ?? '')
    this.#bytes -= bytes
    this.#discarded += bytes
  }
}

const longestJoined = 16_384
