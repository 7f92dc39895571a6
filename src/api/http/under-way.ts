import { setTimeout } from 'node:timers/promises'
import { httpErrors } from './errors.ts'

interface Task {
  readonly abort: AbortController
  /** Whose it is, for what goes on until it is ended. */
  readonly stream: string | undefined
  readonly done: Promise<unknown>
}

/** Milliseconds that what was told to stop may take for it. */
const stopMs = 5000

/** The requests that are being answered, so that the server can end without cutting them off. */
export class UnderWay {
  readonly #tasks = new Set<Task>()
  #closing = false

  /** @throws ATL_API_CLOSING when nothing new is taken any more */
  assertOpen(): void {
    if (this.#closing) throw httpErrors.CLOSING()
  }

  /** Streams of one caller that are open now. */
  streamsOf(stream: string): number {
    return [...this.#tasks].filter((task) => task.stream === stream).length
  }

  async track<T>(abort: AbortController, stream: string | undefined, work: () => Promise<T>): Promise<T> {
    const done = work()
    const task = { abort, stream, done }
    this.#tasks.add(task)
    try {
      return await done
    } finally {
      this.#tasks.delete(task)
    }
  }

  /** Ends streams at once, waits `graceMs` for the others, and tells those to stop that take longer. */
  async end(graceMs: number): Promise<void> {
    this.#closing = true
    for (const { abort, stream } of this.#tasks) if (stream !== undefined) abort.abort(httpErrors.CLOSING())
    await this.#untilDone(graceMs)
    for (const { abort } of this.#tasks) abort.abort(httpErrors.CLOSING())
    await this.#untilDone(stopMs)
  }

  async #untilDone(patienceMs: number): Promise<void> {
    const noLonger = new AbortController()
    const patience = setTimeout(patienceMs, undefined, { signal: noLonger.signal }).catch(() => undefined)
    await Promise.race([Promise.allSettled([...this.#tasks].map(({ done }) => done)), patience])
    noLonger.abort()
  }
}
