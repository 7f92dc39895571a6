import { randomBytes } from 'node:crypto'

import type { TestFramework } from '../../../contracts/index.ts'
import type { Sandbox, SandboxProcess } from '../../sandbox/index.ts'
import { validationErrors } from './errors.ts'
import { FrameReader } from './protocol.ts'
import type { WorkerReply, WorkerRequest } from './protocol.ts'
import { workerBindingOf } from './worker-binding.ts'

export interface WorkerOptions {
  readonly framework: TestFramework
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly testMs: number
}

/** How the work on a request ended. */
export type WorkerEnd =
  | { readonly kind: 'done'; readonly reply: WorkerReply }
  /** The process said nothing for too long or is gone. */
  | { readonly kind: 'lost'; readonly reason: string }

type RequestBody<T = WorkerRequest> = T extends { readonly id: number } ? Omit<T, 'id'> : never

const lifetimeMs = 3_600_000
const startMs = 20_000

/** One process inside a sandbox that keeps the project loaded. It is started on first use and again after a loss. */
export class WorkerProcess {
  readonly sandbox: Sandbox
  readonly #options: WorkerOptions
  #process: SandboxProcess | null = null
  #onReply: (reply: WorkerReply) => void = () => undefined
  #onLoss: (reason: string) => void = () => undefined
  #nextId = 1
  #errors = ''

  constructor(sandbox: Sandbox, options: WorkerOptions) {
    this.sandbox = sandbox
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#process !== null
  }

  /**
   * Sends a request and waits for its last reply; each earlier one goes to `onReply`. A process that is silent for
   * `silenceMs` is killed, because nothing inside it can be trusted to stop an endless loop.
   */
  async ask(
    body: RequestBody,
    silenceMs: number,
    onReply: (reply: WorkerReply) => void = () => undefined,
  ): Promise<WorkerEnd> {
    const process = this.#process ?? (await this.#start())
    const id = this.#nextId++
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout
      const finish = (end: WorkerEnd): void => {
        clearTimeout(timer)
        this.#onReply = () => undefined
        this.#onLoss = () => undefined
        resolve(end)
      }
      const watch = (): void => {
        clearTimeout(timer)
        timer = setTimeout(() => {
          this.stop()
          finish({ kind: 'lost', reason: `nothing was heard for ${silenceMs} ms` })
        }, silenceMs)
      }
      this.#onLoss = (reason) => finish({ kind: 'lost', reason })
      this.#onReply = (reply) => {
        if (!('id' in reply) || reply.id !== id) return
        watch()
        if (reply.kind === 'trying' || reply.kind === 'tried') onReply(reply)
        else finish({ kind: 'done', reply })
      }
      timer = setTimeout(() => undefined, 0)
      watch()
      process.stdin.write(`${JSON.stringify({ ...body, id })}\n`)
    })
  }

  /** Asks the process to end what it is doing soon; `ask` resolves as it does. */
  cancel(): void {
    this.#process?.stdin.write(`${JSON.stringify({ kind: 'cancel' } satisfies WorkerRequest)}\n`)
  }

  stop(): void {
    const process = this.#process
    this.#process = null
    process?.kill()
  }

  async #start(): Promise<SandboxProcess> {
    const word = randomBytes(16).toString('hex')
    const { framework, directory, testMs } = this.#options
    const process = this.sandbox.start({
      argv: workerBindingOf(framework).command(this.sandbox, directory, word),
      env: { ...this.#options.environment },
      timeoutMs: lifetimeMs,
    })
    this.#process = process
    this.#errors = ''
    process.stdin.on('error', () => undefined)
    process.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-4000)
    })
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string): void => {
        this.stop()
        reject(validationErrors.WORKER_FAILED({ detail: `${reason}\n${this.#errors}`.trim() }))
      }
      const timer = setTimeout(() => fail(`it was not ready within ${startMs} ms`), startMs)
      const reader = new FrameReader(word, (reply) => {
        if (reply.kind === 'ready') {
          clearTimeout(timer)
          resolve()
        } else this.#onReply(reply)
      })
      process.stdout.on('data', (chunk: Buffer) => reader.push(chunk))
      const lost = (reason: string): void => {
        clearTimeout(timer)
        if (this.#process === process) this.#process = null
        reject(validationErrors.WORKER_FAILED({ detail: `${reason}\n${this.#errors}`.trim() }))
        this.#onLoss(`${reason} ${this.#errors}`.trim())
      }
      process.exited.then(
        (ended) => {
          lost(ended.kind === 'exited' ? `it ended with ${ended.code}` : `it was killed: ${ended.by}`)
        },
        (error: unknown) => {
          lost(error instanceof Error ? error.message : String(error))
        },
      )
    })
    process.stdin.write(
      `${JSON.stringify({ kind: 'open', framework, directory, testMs } satisfies WorkerRequest)}\n`,
    )
    return process
  }
}
