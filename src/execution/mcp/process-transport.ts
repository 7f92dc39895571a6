import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { type JSONRPCMessage, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js'
import type { SandboxProcess } from '../sandbox/index.ts'
import { mcpErrors } from './errors.ts'

export interface TransportLimits {
  /** Bytes of one message. */
  readonly messageBytes: number
  /** Bytes of a whole session. */
  readonly sessionBytes: number
  /** Messages of a whole session that were not asked for. */
  readonly unasked: number
}

const keptErrors = 4_000

/**
 * Speaks with a server over the streams of its process in a sandbox: one message a line. Lines that are no messages are
 * passed over, as servers print banners; more bytes than allowed end it.
 */
export class ProcessTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly #process: SandboxProcess
  readonly #limits: TransportLimits
  #pending: Buffer[] = []
  #pendingBytes = 0
  #bytes = 0
  #errors = ''
  #closed = false

  constructor(process: SandboxProcess, limits: TransportLimits) {
    this.#process = process
    this.#limits = limits
  }

  /** The end of what the server printed beside its messages. */
  get errors(): string {
    return this.#errors.trim()
  }

  start(): Promise<void> {
    const { stdin, stdout, stderr, exited } = this.#process
    stdout.on('data', (chunk: Buffer) => this.#read(chunk))
    stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-keptErrors)
    })
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined)
    const end = (): void => this.#end()
    exited.then(end, end)
    return Promise.resolve()
  }

  send(message: JSONRPCMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) reject(mcpErrors.ENDED({ detail: this.errors }))
      else this.#process.stdin.write(`${JSON.stringify(message)}\n`, () => resolve())
    })
  }

  close(): Promise<void> {
    this.#process.kill()
    this.#end()
    return Promise.resolve()
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pending = []
    this.onclose?.()
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return
    this.#bytes += chunk.length
    let rest = chunk
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      this.#hold(rest.subarray(0, end))
      if (this.#isTooMuch()) return
      const line = Buffer.concat(this.#pending).toString('utf8')
      this.#pending = []
      this.#pendingBytes = 0
      rest = rest.subarray(end + 1)
      this.#receive(line)
    }
    this.#hold(rest)
    this.#isTooMuch()
  }

  #hold(bytes: Buffer): void {
    if (bytes.length > 0) this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
  }

  #isTooMuch(): boolean {
    const { messageBytes, sessionBytes } = this.#limits
    if (this.#pendingBytes <= messageBytes && this.#bytes <= sessionBytes) return false
    const detail =
      this.#pendingBytes > messageBytes
        ? `a message of more than ${messageBytes} bytes`
        : `more than ${sessionBytes} bytes in one session`
    this.onerror?.(mcpErrors.FLOODED({ detail }))
    void this.close()
    return true
  }

  #receive(line: string): void {
    if (this.#closed || line.trim() === '') return
    let parsed
    try {
      parsed = JSONRPCMessageSchema.safeParse(JSON.parse(line))
    } catch {
      return
    }
    if (parsed.success) this.onmessage?.(parsed.data)
    else this.onerror?.(mcpErrors.BAD_ANSWER({ detail: line.slice(0, 200) }))
  }
}
