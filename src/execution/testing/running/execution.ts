import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import type { Sandbox, SandboxResult } from '../../sandbox/index.ts'
import type { Execution } from '../runners/runner.ts'
import type { TestSuite } from '../suite.ts'
import type { ReportRecord } from './records.ts'
import { OutputTail, RecordReader } from './records.ts'
import { writeReporters } from './reporter-files.ts'
import { programPath, workspaceRoot } from './workspace.ts'

/** What is known when an execution is over, however it ended. */
export interface ExecutionResult {
  readonly execution: Execution
  readonly records: readonly ReportRecord[]
  /** `lingered`: all results were there, but the process did not end by itself. */
  readonly ended: SandboxResult['ended'] | { readonly kind: 'lingered' }
  /** What the tests printed, both streams, the end of it. */
  readonly outputTail: string
  /** Standard output where the results stand in it. */
  readonly stdout: string
  readonly durationMs: number
  readonly discardedBytes: number
}

export interface ExecutionBounds {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly onOutput?: ((stream: 'stdout' | 'stderr', chunk: Uint8Array) => void) | undefined
  readonly onRecord?: ((record: ReportRecord) => void) | undefined
}

/** How long a process may live on after it reported its last result. */
const lingerMs = 10_000
const tailLength = 16_384

/**
 * Runs one command of a suite. Results come on a descriptor of their own (the sandbox's standard output), what the
 * tests print goes to standard error, so that neither can be taken for the other.
 */
export async function runExecution(
  sandbox: Sandbox,
  suite: TestSuite,
  execution: Execution,
  bounds: ExecutionBounds,
): Promise<ExecutionResult> {
  const key = randomBytes(12).toString('hex')
  const tail = new OutputTail(tailLength)
  const onStdout = execution.results === 'output'
  const over = new AbortController()
  let lingering: NodeJS.Timeout | undefined
  const reader = new RecordReader(key, (record) => {
    if (record.kind === 'end') lingering ??= setTimeout(() => over.abort(), lingerMs)
    bounds.onRecord?.(record)
  })
  try {
    const result = await sandbox.run({
      argv: ['/bin/sh', '-c', shellScript(suite, execution)],
      cwd: posix.join(workspaceRoot, suite.directory),
      env: {
        CI: 'true',
        ...suite.invocation.environment,
        ...execution.environment,
        PATH: programPath(suite.directory),
        ...(onStdout ? {} : { ATELIER_REPORT_KEY: key }),
      },
      timeoutMs: Math.max(1, bounds.timeoutMs),
      signal: bounds.signal === undefined ? over.signal : AbortSignal.any([bounds.signal, over.signal]),
      onOutput: (stream, chunk) => {
        if (stream === 'stdout' && !onStdout) reader.write(chunk)
        else {
          tail.write(chunk)
          bounds.onOutput?.(stream, chunk)
        }
      },
    })
    return {
      execution,
      records: reader.records,
      ended: over.signal.aborted ? { kind: 'lingered' } : result.ended,
      outputTail: tail.text,
      stdout: onStdout ? result.stdout : '',
      durationMs: result.durationMs,
      discardedBytes: result.discardedBytes,
    }
  } finally {
    clearTimeout(lingering)
  }
}

function shellScript(suite: TestSuite, execution: Execution): string {
  const needed = execution.reporters.length === 0 ? '' : writeReporters(execution.reporters)
  const redirect = execution.results === 'output' ? '' : 'exec 3>&1 1>&2\n'
  const prefix = suite.invocation.prefix.map((word) => `${word.raw} `).join('')
  return `${needed}${redirect}${execution.exec === false ? '' : 'exec '}${prefix}${execution.command}\n`
}
