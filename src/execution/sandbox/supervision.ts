import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { sandboxErrors } from './errors.ts'
import type { SandboxCommand, SandboxProcess, SandboxResult } from './port.ts'

type Ended = SandboxResult['ended']

/** What ended a process from outside; the first reason wins. */
export type KillReason = 'timeout' | 'memory' | 'disk' | 'cancelled'

export interface SupervisedResult {
  readonly ended: Ended
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly discardedBytes: number
  readonly durationMs: number
}

/** How long the pipes of a dead tree may stay open before they are cut. */
const pipeGraceMs = 2_000

/** Signals that end a process because of what it did; a shell or launcher reports them as 128 plus the number. */
const fatalSignals = new Set(
  (
    ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGSEGV', 'SIGTERM', 'SIGSYS'] as const
  ).map((name) => constants.signals[name]),
)

/** How a process ended, given what the operating system reports about it and why the studio killed it, if it did. */
function endedOf(code: number | null, signal: NodeJS.Signals | null, reason: KillReason | null): Ended {
  if (reason !== null) return { kind: 'killed', by: reason }
  const number = signal === null ? (code ?? 0) - 128 : constants.signals[signal]
  if (number === constants.signals.SIGXCPU) return { kind: 'killed', by: 'cpu' }
  if (signal !== null || fatalSignals.has(number)) return { kind: 'killed', by: 'signal' }
  return { kind: 'exited', code: code ?? 0 }
}

/** Keeps the first `limit` bytes of a stream and counts the rest, reading on so that the writer never blocks. */
class CappedOutput {
  discardedBytes = 0
  readonly #chunks: Buffer[] = []
  #room: number

  constructor(limit: number) {
    this.#room = limit
  }

  attach(stream: Readable, onKept: ((chunk: Uint8Array) => void) | undefined): void {
    stream.on('data', (chunk: Buffer) => {
      const kept = chunk.subarray(0, this.#room)
      this.#room -= kept.length
      this.discardedBytes += chunk.length - kept.length
      if (kept.length === 0) return
      // A short piece of a large chunk is copied, so that the chunk itself can be freed.
      this.#chunks.push(kept.length === chunk.length ? chunk : Buffer.from(kept))
      onKept?.(kept)
    })
    stream.on('error', () => undefined)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

/** Ends a process tree once, for the first reason given, and remembers that reason. */
export class KillSwitch {
  reason: KillReason | null = null
  readonly #kill: () => void
  #over = false

  /** `kill` ends every process of the tree; it is called once, also after the first process ended by itself. */
  constructor(kill: () => void) {
    this.#kill = kill
  }

  trip(reason: KillReason): void {
    if (this.#over) return
    this.reason = reason
    this.finish()
  }

  /** Ends what is left of the tree after its first process ended. */
  finish(): void {
    if (this.#over) return
    this.#over = true
    this.#kill()
  }
}

type Bounds = Pick<SandboxCommand, 'timeoutMs' | 'signal'>

/** Trips the switch at the time-out or when the caller cancels; the returned function stops watching. */
function watchBounds(kill: KillSwitch, { timeoutMs, signal }: Bounds): () => void {
  const timer = setTimeout(() => kill.trip('timeout'), Math.min(timeoutMs, 2 ** 31 - 1))
  const cancel = (): void => kill.trip('cancelled')
  if (signal?.aborted === true) queueMicrotask(cancel)
  signal?.addEventListener('abort', cancel, { once: true })
  return () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
  }
}

/**
 * Follows a process tree to its end: feeds it, collects its output up to a cap, and ends the whole tree at the
 * time-out, on cancellation, and when its first process has ended.
 *
 * @throws the spawn error (`ENOENT`, `EACCES` …) if there never was a process
 */
export async function superviseToEnd(
  child: ChildProcess,
  kill: KillSwitch,
  command: Bounds & Pick<SandboxCommand, 'stdin' | 'onOutput'>,
  outputBytes: number,
): Promise<SupervisedResult> {
  const startedAt = performance.now()
  const stdout = new CappedOutput(outputBytes)
  const stderr = new CappedOutput(outputBytes)
  const { onOutput } = command
  if (child.stdout !== null) stdout.attach(child.stdout, onOutput && ((chunk) => onOutput('stdout', chunk)))
  if (child.stderr !== null) stderr.attach(child.stderr, onOutput && ((chunk) => onOutput('stderr', chunk)))
  // A program that ends without reading its input closes the pipe; that is its right.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(command.stdin)
  const unwatch = watchBounds(kill, command)
  try {
    const [code, signal] = await exitOf(child)
    kill.finish()
    await pipesClosed(child)
    return {
      ended: endedOf(code, signal, kill.reason),
      stdout: stdout.bytes(),
      stderr: stderr.bytes(),
      discardedBytes: stdout.discardedBytes + stderr.discardedBytes,
      durationMs: performance.now() - startedAt,
    }
  } finally {
    unwatch()
  }
}

/** Resolves when the process has ended, rejects when it could not be started. */
function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve([child.exitCode, child.signalCode])
      return
    }
    child.once('exit', (code, signal) => resolve([code, signal]))
    child.once('error', reject)
  })
}

/** Waits until both output pipes are drained, or cuts them if something that escaped still holds them. */
async function pipesClosed(child: ChildProcess): Promise<void> {
  const open = [child.stdout, child.stderr].filter((stream) => stream !== null && !stream.closed)
  if (open.length === 0) return
  const closed = Promise.all(
    open.map((stream) => new Promise<void>((resolve) => stream?.once('close', () => resolve()))),
  )
  const cut = setTimeout(() => open.forEach((stream) => stream?.destroy()), pipeGraceMs)
  await closed
  clearTimeout(cut)
}

/** The handle of a long-lived process, which ends at the time-out or on cancellation and takes its tree along. */
export function followProcess(child: ChildProcess, kill: KillSwitch, bounds: Bounds): SandboxProcess {
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null)
    throw sandboxErrors.LAUNCH_FAILED({ detail: 'the process has no pipes' })
  const unwatch = watchBounds(kill, bounds)
  const exited = exitOf(child)
    .finally(() => {
      kill.finish()
      unwatch()
    })
    .then(
      ([code, signal]) => endedOf(code, signal, kill.reason),
      (error: unknown) => {
        throw notStarted(child.spawnfile, error)
      },
    )
  // Who does not wait for the end must not be brought down by it.
  exited.catch(() => undefined)
  stdin.on('error', () => undefined)
  return { stdin, stdout, stderr, exited, kill: () => kill.trip('cancelled') }
}

/** The coded form of a spawn error. */
export function notStarted(program: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'ENOEXEC')
    return sandboxErrors.PROGRAM_NOT_FOUND({ detail: program, cause: error })
  return sandboxErrors.LAUNCH_FAILED({ detail: error.message, cause: error })
}
