import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { contextErrors } from '../../errors.ts'
import { prepareBatch, type PreparedBatch, type ReadEntry } from '../prepare.ts'

/** Makes batches of files ready to be stored, several at once where it pays. */
export interface Preparers extends AsyncDisposable {
  /** Batches that it works on at the same time. */
  readonly width: number
  prepare(entries: readonly ReadEntry[]): Promise<PreparedBatch>
}

/** Files up to which a thread takes longer to start than the work does. */
const fewFiles = 100
const mostThreads = 4
const memoryMegabytes = 2_048

/** Preparers for some files: threads of their own when there are many, this one otherwise. End them with `await using`. */
export function startPreparers(files: number): Preparers {
  return files <= fewFiles ? inPlace : new Threads(Math.min(mostThreads, availableParallelism()))
}

const inPlace: Preparers = {
  width: 1,
  prepare: prepareBatch,
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

/** Threads that parse, so that this one stays free for whoever waits for an answer. */
class Threads implements Preparers {
  readonly width: number
  readonly #threads: Worker[] = []
  readonly #idle: Worker[] = []
  readonly #waiting: ((thread: Worker) => void)[] = []

  constructor(width: number) {
    this.width = width
  }

  async prepare(entries: readonly ReadEntry[]): Promise<PreparedBatch> {
    const thread = this.#idle.pop() ?? this.#start() ?? (await this.#nextIdle())
    const prepared = await converse(thread, entries)
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(thread)
    else next(thread)
    return prepared
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()))
  }

  #start(): Worker | undefined {
    if (this.#threads.length >= this.width) return undefined
    const thread = new Worker(new URL('preparing-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes },
    })
    this.#threads.push(thread)
    return thread
  }

  #nextIdle(): Promise<Worker> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

/** @throws ATL_CONTEXT_PREPARATION_FAILED when the thread ends without an answer. */
function converse(thread: Worker, entries: readonly ReadEntry[]): Promise<PreparedBatch> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      thread.off('message', onAnswer).off('error', onError).off('exit', onExit)
    }
    const onAnswer = (prepared: PreparedBatch): void => {
      settle()
      resolve(prepared)
    }
    const onError = (cause: unknown): void => {
      settle()
      reject(contextErrors.PREPARATION_FAILED({ cause }))
    }
    const onExit = (code: number): void => onError(new Error(`the thread ended with code ${code}`))
    thread.on('message', onAnswer).on('error', onError).on('exit', onExit)
    thread.postMessage(entries)
  })
}
