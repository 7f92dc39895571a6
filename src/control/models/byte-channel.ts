/** Bytes that may wait for their reader before the writer waits too. */
const highWaterMark = 256 * 1024

/** Carries a stream from who writes it to who reads it, no faster than it is read. */
export class ByteChannel<P extends Uint8Array | string> implements AsyncIterable<P> {
  readonly #pieces: P[] = []
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
  write(piece: P): Promise<void> | undefined {
    if (piece.length === 0 || this.#end !== undefined) return undefined
    this.#pieces.push(piece)
    this.#waiting += piece.length
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

  async *[Symbol.asyncIterator](): AsyncGenerator<P> {
    try {
      for (;;) {
        const piece = this.#pieces.shift()
        if (piece !== undefined) {
          this.#waiting -= piece.length
          if (this.#waiting < highWaterMark) this.#wakeWriter?.()
          yield piece
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
      this.#pieces.length = 0
      this.#wakeWriter?.()
    }
  }
}
