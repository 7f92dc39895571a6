import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { problemOf } from './problem.ts'
import type { StreamEvent } from './handler.ts'

export interface EventStreamOptions {
  /** Ends the stream; a client that comes back goes on behind the last event it has. */
  readonly signal: AbortSignal
  /** Milliseconds without an event after which a comment shows that the stream is alive. */
  readonly heartbeatMs: number
  /** Milliseconds that a client may leave the stream unread before it is cut. */
  readonly unreadMs: number
  /** The text of an event's data, in one line. */
  readonly encode: (data: unknown) => string
  readonly requestId: string
  /** Told of a failure in the middle of the stream. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Sends events as they come (`text/event-stream`). The event `end` says that nothing will follow, and `problem` that
 * the studio failed; a stream that just breaks off is to be resumed.
 */
export function sendEvents(
  reply: FastifyReply,
  events: AsyncIterable<StreamEvent<unknown>>,
  options: EventStreamOptions,
): FastifyReply {
  const stream = Readable.from(frames(events, options), { objectMode: false, highWaterMark: 64 * 1024 })
  const cut = cutWhenUnread(reply, options.unreadMs)
  stream.once('close', cut)
  return reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(stream)
}

/** Characters of events that are sent together, at most, but for the last of them. */
const largestChunk = 64 * 1024

async function* frames(
  events: AsyncIterable<StreamEvent<unknown>>,
  { signal, heartbeatMs, encode, requestId, onFailure }: EventStreamOptions,
): AsyncGenerator<string> {
  const source = events[Symbol.asyncIterator]()
  const patience = new Patience(signal, heartbeatMs)
  // Answers at once, so that a client knows that it is connected before anything happens.
  yield 'retry: 1000\n\n'
  try {
    let next = source.next()
    for (;;) {
      const first = await patience.wait(next)
      if (first === 'aborted') return
      if (first === 'heartbeat') {
        yield ': alive\n\n'
        continue
      }
      let result: IteratorResult<StreamEvent<unknown>> | 'later' = first
      let chunk = ''
      while (result !== 'later' && result.done !== true) {
        const { id, data } = result.value
        chunk += `id: ${id}\ndata: ${encode(data)}\n\n`
        next = source.next()
        result = chunk.length < largestChunk ? await readyNow(next) : 'later'
      }
      if (chunk !== '') yield chunk
      if (result === 'later') continue
      if (!signal.aborted) yield 'event: end\ndata: {}\n\n'
      return
    }
  } catch (error) {
    if (signal.aborted) return
    onFailure(error)
    yield `event: problem\ndata: ${JSON.stringify(problemOf(error, requestId))}\n\n`
  } finally {
    patience.end()
    // Whoever waits inside of the source has been told by the signal; nobody waits here for it to see that.
    source.return?.().catch(onFailure)
  }
}

/** What is there without waiting for anything but turns of its own: events that came together go out together. */
async function readyNow<T>(next: Promise<T>): Promise<T | 'later'> {
  return new Promise((resolve) => {
    const later = (): void => resolve('later')
    // Whoever waits for it next is told why it failed.
    next.then(resolve, later)
    setImmediate(later)
  })
}

/** Waits for the events of one stream, with one timer and one listener for all of them. */
class Patience {
  readonly #signal: AbortSignal
  readonly #timer: NodeJS.Timeout
  #wake: (why: 'heartbeat' | 'aborted') => void = () => undefined

  constructor(signal: AbortSignal, heartbeatMs: number) {
    this.#signal = signal
    this.#timer = setTimeout(() => this.#wake('heartbeat'), heartbeatMs)
    signal.addEventListener('abort', this.#leave)
  }

  readonly #leave = (): void => this.#wake('aborted')

  /** What comes first: the next event, the time for a heartbeat, or the end of the connection. */
  wait<T>(next: Promise<T>): Promise<T | 'heartbeat' | 'aborted'> {
    if (this.#signal.aborted) {
      next.catch(() => undefined)
      return Promise.resolve('aborted')
    }
    this.#timer.refresh()
    return new Promise((resolve, reject) => {
      this.#wake = resolve
      next.then(resolve, reject)
    })
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#leave)
  }
}

/** A client that reads nothing for long holds memory for nothing. */
function cutWhenUnread({ raw }: FastifyReply, unreadMs: number): () => void {
  let unreadSince: number | undefined
  const timer = setInterval(() => {
    if (!raw.writableNeedDrain) unreadSince = undefined
    else unreadSince ??= performance.now()
    if (unreadSince !== undefined && performance.now() - unreadSince > unreadMs) raw.destroy()
  }, unreadMs / 4)
  timer.unref()
  return () => clearInterval(timer)
}
