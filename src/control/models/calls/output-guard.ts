import { countTokens } from '../metering/request-size.ts'
import { UpstreamFailure } from '../upstreams/failure.ts'

/** By how much the studio's count may exceed the limit that the provider was given. */
const tolerance = 1.25
/** Fewest characters that are worth a count. */
const firstLook = 4096

/** Stops an answer that goes on beyond what was asked for, and so beyond what is reserved for it. */
export class OutputGuard {
  readonly #maxTokens: number
  readonly #maxBytes: number
  #text = ''
  #bytes = 0
  #nextLook: number

  constructor(maxTokens: number, maxBytes: number) {
    this.#maxTokens = maxTokens
    this.#maxBytes = maxBytes
    this.#nextLook = Math.max(firstLook, maxTokens * 5)
  }

  /** @throws UpstreamFailure `too-large` */
  async add(text: string): Promise<void> {
    this.#bytes += Buffer.byteLength(text)
    if (this.#bytes > this.#maxBytes)
      throw new UpstreamFailure('too-large', `more than ${this.#maxBytes} bytes`)
    this.#text += text
    if (this.#text.length < this.#nextLook) return
    this.#nextLook = this.#text.length * 1.5
    if ((await countTokens(this.#text)) > this.#maxTokens * tolerance)
      throw new UpstreamFailure(
        'too-large',
        `it goes on beyond the ${this.#maxTokens} tokens it was limited to`,
      )
  }
}
