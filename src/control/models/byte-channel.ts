/** Bytes that may wait for their reader before the writer waits too. */
const highWaterMark = 256 * 1024

/**
 * Carries a stream from who writes it to who reads it, no faster than it is read. What was written since the last look is
 * read in one piece: a stream of small events comes many to a packet, and each would cost as much as all of them.
 */
export class ByteChannel implements AsyncIterable<Uint8Array> {
  #pieces: Uint8Array[] = []
  #waiting = 0
  #end: { readonly error?: unknown } | undefined
  #wakeReader: (() => void) | undefined
  #wakeWriter: (() => void) | undefined
  #open: () => void = () => undefined
  readonly #left: (() => void) | undefined
  /** Resolves when the first piece was written. */
  readonly opened = new Promise<void>((resolve) => {
    this.#open = resolve
  })

  /** @param left is called when the reader goes before the end. */
  constructor(left?: () => void) {
    this.#left = left
  }

  /** Undefined when more may be written at once; otherwise it resolves when more may be. */
  write(piece: Uint8Array | string): Promise<void> | undefined {
    if (piece.length === 0 || this.#end !== undefined) return undefined
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    this.#pieces.push(bytes)
    this.#waiting += bytes.length
    this.#open()
    this.#wakeReader?.()
    if (this.#waiting < highWaterMark) return undefined
    return new Promise<void>((resolve) => {
      this.#wakeWriter = resolve
    })
  }

  /** Ends the stream, with an error for the reader if there is one; what was written before is read before. */
  close(end: { readonly error?: unknown } = {}): void {
    this.#end ??= end
    this.#wakeReader?.()
    this.#wakeWriter?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const [first, ...others] = this.#pieces
        if (first !== undefined) {
          this.#pieces = []
          this.#waiting = 0
          this.#wakeWriter?.()
          yield others.length === 0 ? first : Buffer.concat([first, ...others])
        } else if (this.#end === undefined) {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve
          })
        } else if ('error' in this.#end) throw this.#end.error
        else return
      }
    } finally {
      // Nobody reads any more; the writer goes on into nothing until it is told to stop.
      if (this.#end === undefined) this.#left?.()
      this.#end ??= {}
      this.#pieces = []
      this.#wakeWriter?.()
    }
  }
}
