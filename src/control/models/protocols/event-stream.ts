const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Bytes of one event at most; what is longer is not read, only passed on. An answer in one event has to fit. */
export const longestEvent = 16 * 1024 * 1024

/**
 * Reads the data of server-sent events (WHATWG HTML, section 9.2) from bytes that are cut anywhere. Lines end with a
 * line feed, with or without a carriage return before it; no provider uses a carriage return alone.
 */
export class EventStreamReader {
  readonly #onData: (data: string) => void
  /** The line that has not ended yet, in pieces. */
  #pieces: Uint8Array[] = []
  #pending = 0
  /** The line that has not ended yet is too long and left out. */
  #skipping = false
  #data: string | undefined
  #dataLength = 0
  #first = true

  constructor(onData: (data: string) => void) {
    this.#onData = onData
  }

  push(chunk: Uint8Array): void {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(lineFeed, start)
      if (end === -1) break
      this.#endLine(chunk.subarray(start, end))
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  /** What comes after the last line feed is read as a line too: some servers leave out the blank line at the end. */
  end(): void {
    if (this.#pending > 0 || this.#skipping) this.#endLine(new Uint8Array())
    this.#dispatch()
  }

  #keep(piece: Uint8Array): void {
    if (this.#skipping) return
    this.#pending += piece.length
    if (this.#pending > longestEvent) {
      this.#skip()
      return
    }
    // The chunk belongs to whoever pushed it and may be written over.
    this.#pieces.push(Uint8Array.prototype.slice.call(piece))
  }

  #skip(): void {
    this.#pieces = []
    this.#pending = 0
    this.#skipping = true
  }

  #endLine(last: Uint8Array): void {
    if (this.#skipping || this.#pending + last.length > longestEvent) {
      this.#pieces = []
      this.#pending = 0
      this.#skipping = false
      return
    }
    let line = last
    if (this.#pending > 0) {
      line = Buffer.concat([...this.#pieces, last])
      this.#pieces = []
      this.#pending = 0
    }
    if (line.at(-1) === carriageReturn) line = line.subarray(0, -1)
    this.#readLine(line)
  }

  #readLine(bytes: Uint8Array): void {
    if (bytes.length === 0) {
      this.#dispatch()
      return
    }
    let line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    if (this.#first) {
      this.#first = false
      if (line.startsWith('\uFEFF')) line = line.slice(1)
    }
    if (!line.startsWith('data')) return
    if (line.length > 4 && line[4] !== ':') return
    const value = line.slice(line[5] === ' ' ? 6 : 5)
    this.#dataLength += value.length
    if (this.#dataLength > longestEvent) return
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`
  }

  #dispatch(): void {
    const data = this.#dataLength > longestEvent ? undefined : this.#data
    this.#data = undefined
    this.#dataLength = 0
    if (data !== undefined) this.#onData(data)
  }
}

/** One server-sent event; `name` for protocols that name their events. */
export function encodeEvent(value: unknown, name?: string): string {
  const data = `data: ${JSON.stringify(value)}\n\n`
  return name === undefined ? data : `event: ${name}\n${data}`
}
