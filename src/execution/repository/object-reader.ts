import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { repositoryErrors } from './errors.ts'
import type { Git } from './git-process.ts'

interface PendingRead {
  readonly id: string
  readonly resolve: (content: Buffer) => void
  readonly reject: (error: Error) => void
}

/** How long the process may idle before it is let go. */
const idleMs = 5_000

/**
 * Reads objects through one `git cat-file --batch`, started on the first read and ended when idle. Answers come in
 * the order of the questions. Callers check sizes first: an object is held in memory whole.
 */
export class ObjectReader {
  readonly #git: Git
  readonly #gitDirectory: string
  #process: ChildProcessByStdio<Writable, Readable, null> | undefined
  #pending: PendingRead[] = []
  #chunks: Buffer[] = []
  #buffered = 0
  /** Bytes of the current answer including its header line and final line break; undefined until the header is read. */
  #expected: { readonly headerBytes: number; readonly size: number } | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(git: Git, gitDirectory: string) {
    this.#git = git
    this.#gitDirectory = gitDirectory
  }

  /** The content of a blob. */
  read(id: string): Promise<Buffer> {
    clearTimeout(this.#idle)
    return new Promise((resolve, reject) => {
      this.#pending.push({ id, resolve, reject })
      this.#running().stdin.write(`${id}\n`)
    })
  }

  close(): void {
    clearTimeout(this.#idle)
    this.#process?.stdin.end()
    this.#process = undefined
  }

  #running(): ChildProcessByStdio<Writable, Readable, null> {
    if (this.#process !== undefined) return this.#process
    const child = this.#git.start({ args: ['cat-file', '--batch'], gitDirectory: this.#gitDirectory })
    this.#chunks = []
    this.#buffered = 0
    this.#expected = undefined
    child.stdout.on('data', (chunk: Buffer) => {
      if (this.#process !== child) return
      this.#chunks.push(chunk)
      this.#buffered += chunk.length
      this.#deliver()
    })
    child.stdin.on('error', () => undefined)
    const onEnd = (cause?: Error): void => {
      // One that was let go when idle may end after the next has begun: what is pending is not its own.
      if (this.#process !== undefined && this.#process !== child) return
      this.#process = undefined
      const abandoned = this.#pending
      this.#pending = []
      for (const read of abandoned) {
        read.reject(
          repositoryErrors.UNKNOWN_OBJECT({ detail: read.id, ...(cause === undefined ? {} : { cause }) }),
        )
      }
    }
    child.on('error', onEnd)
    child.on('close', () => onEnd())
    this.#process = child
    return child
  }

  #deliver(): void {
    for (let read = this.#pending[0]; read !== undefined; read = this.#pending[0]) {
      this.#expected ??= this.#header(read)
      if (this.#expected === undefined) {
        if (this.#pending[0] === read) return
        continue
      }
      const { headerBytes, size } = this.#expected
      if (this.#buffered < headerBytes + size + 1) return
      const bytes = this.#take(headerBytes + size + 1)
      this.#expected = undefined
      this.#pending.shift()
      read.resolve(Buffer.from(bytes.subarray(headerBytes, headerBytes + size)))
    }
    clearTimeout(this.#idle)
    if (this.#pending.length === 0) this.#idle = setTimeout(() => this.close(), idleMs).unref()
  }

  /** Parses `<id> <type> <size>\n`. Rejects and consumes the answer if the object is missing. */
  #header(read: PendingRead): { readonly headerBytes: number; readonly size: number } | undefined {
    const head = this.#peekLine()
    if (head === undefined) return undefined
    const size = /^[0-9a-f]+ blob (\d+)$/.exec(head)?.[1]
    if (size !== undefined) return { headerBytes: head.length + 1, size: Number(size) }
    this.#pending.shift()
    read.reject(repositoryErrors.UNKNOWN_OBJECT({ detail: `${read.id} is not a blob here` }))
    const other = /^[0-9a-f]+ \w+ (\d+)$/.exec(head)?.[1]
    // The content of a tree or commit follows as well; ending the process is simpler than skipping it.
    if (other === undefined) this.#take(head.length + 1)
    else this.#process?.kill()
    return undefined
  }

  #peekLine(): string | undefined {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    const [first] = this.#chunks
    const end = first?.indexOf(10) ?? -1
    return first === undefined || end < 0 ? undefined : first.toString('latin1', 0, end)
  }

  #take(count: number): Buffer {
    const all =
      this.#chunks.length === 1 && this.#chunks[0] !== undefined
        ? this.#chunks[0]
        : Buffer.concat(this.#chunks)
    const rest = all.subarray(count)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#buffered = rest.length
    return all.subarray(0, count)
  }
}
