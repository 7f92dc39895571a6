/** Writes numbers and texts one after the other; small numbers take one byte (LEB128). */
export class ByteWriter {
  #bytes: Buffer
  #length = 0

  constructor(capacity = 1_024) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** A number from 0 to 2³² − 1. */
  number(value: number): void {
    this.#reserve(5)
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  /** Numbers that ascend: what each has more than the one before, or `from`. Their count is not written. */
  ascending(values: ArrayLike<number>, from = 0): void {
    let before = from
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index] ?? 0
      this.number(value - before)
      before = value
    }
  }

  /** A text after the number of its bytes. */
  text(value: string): void {
    const bytes = Buffer.byteLength(value)
    this.number(bytes)
    this.#reserve(bytes)
    this.#length += this.#bytes.write(value, this.#length)
  }

  /** Bytes as they are. */
  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** What was written since the beginning. The writer may be used again afterwards, from the beginning. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    return taken
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + bytes))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** Reads what a {@link ByteWriter} wrote. */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  number(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }

  ascending(count: number, from = 0): Uint32Array {
    const values = new Uint32Array(count)
    let value = from
    for (let index = 0; index < count; index += 1) values[index] = value += this.number()
    return values
  }

  numbers(count: number): Uint32Array {
    const values = new Uint32Array(count)
    for (let index = 0; index < count; index += 1) values[index] = this.number()
    return values
  }

  text(): string {
    const bytes = this.number()
    this.#at += bytes
    return this.#bytes.toString('utf8', this.#at - bytes, this.#at)
  }

  /** The next bytes, not copied. */
  bytes(count: number): Buffer {
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }
}

/** Bytes as the database's driver takes them, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
