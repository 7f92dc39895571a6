import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { TransferAction } from './faults/index.ts'
import type { Protocol } from './protocols/protocol.ts'

/** What disturbs an answer on its way, and after how many pieces. */
export interface Disturbance {
  readonly action: TransferAction
  readonly after: number
}

export interface Delivery {
  readonly response: ServerResponse
  readonly protocol: Protocol
  /** Milliseconds between pieces. */
  readonly pace: number
  readonly disturbances: readonly Disturbance[]
  /** Aborted when the caller goes away or the server is closed. */
  readonly signal: AbortSignal
}

/** Whether the answer went out as a whole, or was broken on purpose. */
export type Delivered = 'answered' | 'broken'

const slowPace = 100

const serverSentEvents = {
  contentType: 'text/event-stream; charset=utf-8',
  frame: (event: string): Uint8Array => Buffer.from(event),
}

/** Sends an answer as one JSON document. */
export async function sendWhole(delivery: Delivery, body: unknown): Promise<Delivered> {
  const { response, protocol, disturbances, signal } = delivery
  const [fault] = disturbances
  const text = JSON.stringify(fault?.action === 'wrong-schema' ? protocol.malformed.whole : body)
  const bytes = Buffer.from(fault?.action === 'invalid-json' ? text.slice(0, -(text.length >> 2)) : text)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
  switch (fault?.action) {
    case 'stall':
    case 'cut':
    // Without a stream there is no place for an error behind a good status: the connection ends.
    case 'error':
      response.write(firstHalf(bytes))
      return breakOff(delivery, fault.action === 'stall' ? 'stall' : 'cut')
    case 'slow':
    case 'ragged':
      for (const piece of oddPieces(bytes, fault.action === 'slow' ? 1024 : 7)) {
        if (fault.action === 'slow') await wait(slowPace, undefined, { signal })
        await write(response, piece, signal)
      }
      response.end()
      return 'answered'
    default:
      response.end(bytes)
      return 'answered'
  }
}

/** Sends an answer event by event. */
export async function sendStream(delivery: Delivery, pieces: Iterable<string>): Promise<Delivered> {
  const { response, protocol, disturbances, signal } = delivery
  const { contentType, frame } = protocol.framing ?? serverSentEvents
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache' })
  const slow = disturbances.some(({ action }) => action === 'slow')
  const ragged = disturbances.some(({ action }) => action === 'ragged')
  const pace = slow ? Math.max(slowPace, delivery.pace) : delivery.pace
  const breaking = disturbances.find(({ action }) => action !== 'slow' && action !== 'ragged')
  let sent = 0
  const batch = new Batch(response, signal)
  for (const piece of pieces) {
    if (breaking && sent >= breaking.after) return breakStream(delivery, batch, piece, breaking.action)
    if (pace > 0) await wait(pace, undefined, { signal })
    const bytes = frame(piece)
    if (ragged) for (const odd of oddPieces(bytes, 7)) await write(response, odd, signal)
    else if (pace > 0) await write(response, bytes, signal)
    else await batch.add(bytes)
    sent += 1
  }
  await batch.flush()
  response.end()
  return 'answered'
}

async function breakStream(
  delivery: Delivery,
  batch: Batch,
  piece: string,
  action: TransferAction,
): Promise<Delivered> {
  const { response, protocol, signal } = delivery
  const { frame } = protocol.framing ?? serverSentEvents
  await batch.flush()
  switch (action) {
    case 'error':
      response.end(frame(protocol.failureEvent('overloaded_error', 'Overloaded. Please try again later.')))
      return 'broken'
    case 'invalid-json':
      response.end(frame(piece.replace(/\}\s*$/, ',"oops"\n\n')))
      return 'broken'
    case 'wrong-schema':
      response.end(frame(protocol.malformed.event))
      return 'broken'
    default:
      await write(response, firstHalf(frame(piece)), signal)
      return breakOff(delivery, action === 'stall' ? 'stall' : 'cut')
  }
}

/** Ends in silence or without a proper end. */
export async function breakOff(
  { response, signal }: Pick<Delivery, 'response' | 'signal'>,
  how: 'stall' | 'cut',
): Promise<Delivered> {
  if (how === 'stall' && !signal.aborted) await once(signal, 'abort')
  response.destroy()
  return 'broken'
}

const largestBatch = 16_384

/** Joins pieces that need not wait for each other, so that a fast answer takes few writes. The first goes out at once. */
class Batch {
  readonly #response: ServerResponse
  readonly #signal: AbortSignal
  #pieces: Uint8Array[] = []
  #length = 0
  #first = true

  constructor(response: ServerResponse, signal: AbortSignal) {
    this.#response = response
    this.#signal = signal
  }

  async add(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece)
    this.#length += piece.length
    if (!this.#first && this.#length < largestBatch) return
    this.#first = false
    await this.flush()
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#length = 0
    if (bytes.length > 0) await write(this.#response, bytes, this.#signal)
  }
}

async function write(response: ServerResponse, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  if (!response.write(bytes)) await once(response, 'drain', { signal })
  signal.throwIfAborted()
}

function* oddPieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length)
}

function firstHalf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length >> 1)
}
