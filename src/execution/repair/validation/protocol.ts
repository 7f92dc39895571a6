import type { TestFramework } from '../../../contracts/index.ts'
import type { TextEdit, TextRange } from '../model.ts'

/** A test by where it stands in its file: titles from the outermost suite to the test. */
export interface TestPath {
  readonly file: string
  readonly names: readonly string[]
  /** 1 for the first of the tests with these titles, then 2, 3 … */
  readonly occurrence: number
}

export interface WireTest extends TestPath {
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'todo'
  readonly message?: string
  readonly stack?: string
  /** Whether the worker ended it, as it took more steps or time than it may. */
  readonly exhausted?: boolean
}

export interface WireCandidate {
  readonly id: number
  readonly edits: readonly TextEdit[]
}

/** What the host asks of a worker; requests are answered in the order in which they come. */
export type WorkerRequest =
  | {
      readonly kind: 'open'
      readonly framework: TestFramework
      /** Folder of the package relative to the workspace; empty for the workspace itself. */
      readonly directory: string
      /** Milliseconds one test may wait for something, until its own pace is known. */
      readonly testMs: number
    }
  /** Runs all tests of a file on the unchanged program. */
  | { readonly kind: 'run'; readonly id: number; readonly file: string; readonly withCoverage: boolean }
  /** Names what candidates are measured by. */
  | {
      readonly kind: 'aim'
      readonly id: number
      readonly failing: readonly TestPath[]
      readonly guards: readonly TestPath[]
      readonly failures: Readonly<Record<string, string>>
      /** Files of the project that each guarding test file loads: it need not be run for edits of others. */
      readonly loads: Readonly<Record<string, readonly string[]>>
      /** Whether the tests start processes, which see only what is on the disk. */
      readonly onDisk: boolean
    }
  | { readonly kind: 'try'; readonly id: number; readonly candidates: readonly WireCandidate[] }
  /** Runs tests with other inputs than their own, on the unchanged program and on each candidate. */
  | {
      readonly kind: 'observe'
      readonly id: number
      readonly candidates: readonly WireCandidate[]
      readonly near: readonly TestPath[]
      readonly far: readonly TestPath[]
      /** Milliseconds for all of it, roughly. */
      readonly milliseconds: number
    }
  /** Ends the request that is under way after the candidate that is being tried; obeyed at once, never answered. */
  | { readonly kind: 'cancel' }

interface WireCoverage extends WireTest {
  readonly covered: Readonly<Record<string, readonly TextRange[]>>
}

/** What tests saw of one variant of the program, by exchanged input. */
export interface WireSights {
  /** 0 for the unchanged program. */
  readonly candidate: number
  readonly digests: readonly string[]
  readonly crashed: readonly boolean[]
}

/** What a worker tells. `id` is that of the request. */
export type WorkerReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'trying'; readonly id: number; readonly candidate: number }
  | {
      readonly kind: 'ran'
      readonly id: number
      readonly tests: readonly WireTest[]
      readonly failure?: string
      readonly milliseconds: number
      readonly startsProcesses: boolean
      /** Files of the project that were loaded, the test file included. */
      readonly loaded: readonly string[]
      readonly coverage?: readonly WireCoverage[]
    }
  | { readonly kind: 'aimed'; readonly id: number; readonly milliseconds: number }
  | {
      readonly kind: 'tried'
      readonly id: number
      readonly candidate: number
      readonly outcome: 'plausible' | 'partial' | 'failed' | 'invalid' | 'exhausted'
      /** Indices into the failing tests. */
      readonly fixed: readonly number[]
      /** Indices into the guards. */
      readonly broken: readonly number[]
      /** New messages of failing tests, by index. */
      readonly messages: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'observed'
      readonly id: number
      /** For each exchanged input, whether it is one of a failing test. */
      readonly near: readonly boolean[]
      /** The unchanged program first, then each candidate that compiles. */
      readonly sights: readonly WireSights[]
    }
  | {
      readonly kind: 'done'
      readonly id: number
      readonly memoryBytes: number
      /** Handles that tests left open, such as servers and timers. */
      readonly handles: number
    }
  | { readonly kind: 'broken'; readonly id: number; readonly message: string }

/**
 * Frames are lines that begin with a word only host and worker know, so that nothing a test prints is taken for one.
 */
export function encodeFrame(word: string, message: WorkerReply): string {
  return `\n${word} ${JSON.stringify(message)}\n`
}

/** Splits a stream into lines and hands on those that are frames. */
export class FrameReader {
  readonly #prefix: string
  readonly #onMessage: (message: WorkerReply) => void
  readonly #decoder = new TextDecoder()
  #rest = ''

  constructor(word: string, onMessage: (message: WorkerReply) => void) {
    this.#prefix = `${word} `
    this.#onMessage = onMessage
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    // Whatever has no end of line and is no frame is a test's output.
    if (this.#rest.length > 1_000_000 && !this.#rest.startsWith(this.#prefix)) this.#rest = ''
    for (const line of lines) {
      if (!line.startsWith(this.#prefix)) continue
      const parsed = parse(line.slice(this.#prefix.length))
      if (parsed !== null) this.#onMessage(parsed)
    }
  }
}

function parse(text: string): WorkerReply | null {
  try {
    return JSON.parse(text) as WorkerReply
  } catch {
    return null
  }
}
