import type { AnswerAssembly } from './answer-assembly.ts'
import { EventStreamReader } from './event-stream.ts'
import { isObject, parseJson } from './json-access.ts'
import type { JsonObject } from './json-access.ts'
import type { RelayReader, RelayReading } from './protocol.ts'

/** What a protocol knows about its answers. */
export interface AnswerMeter {
  readonly assembly: AnswerAssembly
  /** Reads the whole of an answer that was not streamed. */
  readWhole(body: JsonObject): void
  /** Reads the data of one event; `[DONE]` and the like have been left out. */
  readEvent(event: JsonObject): void
  /** Nothing more comes. */
  end(): void
}

const empty = new Uint8Array()

/** Bytes of an answer in one piece at most; what is longer is passed on but not read. */
const longestBody = 64 * 1024 * 1024

/** Reads one JSON value. */
class WholeReader implements RelayReader {
  readonly #meter: AnswerMeter
  #chunks: Uint8Array[] = []
  #length = 0

  constructor(meter: AnswerMeter) {
    this.#meter = meter
  }

  get started(): boolean {
    return this.#length > 0
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#length += chunk.length
    if (this.#length <= longestBody) this.#chunks.push(Uint8Array.prototype.slice.call(chunk))
    else this.#chunks = []
    return chunk
  }

  end(): RelayReading {
    const body =
      this.#chunks.length === 0 ? undefined : parseJson(Buffer.concat(this.#chunks).toString('utf8'))
    this.#chunks = []
    if (isObject(body)) this.#meter.readWhole(body)
    this.#meter.end()
    return readingOf(this.#meter.assembly, empty)
  }
}

/** Reads server-sent events. */
class StreamReader implements RelayReader {
  readonly #meter: AnswerMeter
  readonly #events: EventStreamReader

  constructor(meter: AnswerMeter) {
    this.#meter = meter
    this.#events = new EventStreamReader((data) => {
      // What is no JSON object, such as `[DONE]`, tells nothing about the answer.
      if (!data.startsWith('{')) return
      const event = parseJson(data)
      if (isObject(event)) meter.readEvent(event)
    })
  }

  get started(): boolean {
    return this.#meter.assembly.started
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#events.push(chunk)
    return chunk
  }

  end(): RelayReading {
    this.#events.end()
    this.#meter.end()
    return readingOf(this.#meter.assembly, empty)
  }
}

/** Bytes of an event that may be held back; what is longer is no event to leave out. */
const longestHeld = 64 * 1024

/** Passes on whole events only, and leaves out those of one kind. */
class FilteringReader implements RelayReader {
  readonly #reader: RelayReader
  readonly #leaveOut: (event: Buffer) => boolean
  #held: Buffer = Buffer.alloc(0)

  constructor(reader: RelayReader, leaveOut: (event: Buffer) => boolean) {
    this.#reader = reader
    this.#leaveOut = leaveOut
  }

  get started(): boolean {
    return this.#reader.started
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#reader.push(chunk)
    const bytes =
      this.#held.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : Buffer.concat([this.#held, chunk])
    const passed: Uint8Array[] = []
    let start = 0
    for (;;) {
      const end = endOfEvent(bytes, start)
      if (end === -1) break
      const event = bytes.subarray(start, end)
      if (!this.#leaveOut(event)) passed.push(event)
      start = end
    }
    const held = bytes.subarray(start)
    const tooLong = held.length > longestHeld
    if (tooLong) passed.push(held)
    this.#held = tooLong ? Buffer.alloc(0) : Buffer.from(held)
    return passed.length === 1 && passed[0] !== undefined ? passed[0] : Buffer.concat(passed)
  }

  end(): RelayReading {
    const rest = this.#leaveOut(this.#held) ? empty : this.#held
    return { ...this.#reader.end(), rest }
  }
}

/** Where the event that begins at `start` ends, after its blank line; -1 if it is not complete. */
function endOfEvent(bytes: Buffer, start: number): number {
  const plain = bytes.indexOf('\n\n', start)
  const withReturns = bytes.indexOf('\r\n\r\n', start)
  if (plain === -1) return withReturns === -1 ? -1 : withReturns + 4
  return withReturns === -1 || plain < withReturns ? plain + 2 : withReturns + 4
}

/**
 * @param leaveOut events of a stream that are not passed on.
 */
export function createMeteringReader(
  meter: AnswerMeter,
  stream: boolean,
  leaveOut?: (event: Buffer) => boolean,
): RelayReader {
  if (!stream) return new WholeReader(meter)
  const reader = new StreamReader(meter)
  return leaveOut === undefined ? reader : new FilteringReader(reader, leaveOut)
}

function readingOf(assembly: AnswerAssembly, rest: Uint8Array): RelayReading {
  const { version, finish, usage, error } = assembly
  return {
    content: assembly.content(),
    finish: error === undefined ? (finish ?? 'other') : 'error',
    version,
    usage,
    rest,
    complete: finish !== undefined && error === undefined,
    error,
  }
}
