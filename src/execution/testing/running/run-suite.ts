import { availableParallelism } from 'node:os'
import { posix } from 'node:path'
import type { TestReport } from '../../../contracts/index.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import type { Execution, PlanRequest, TestSelection } from '../runners/index.ts'
import { runners } from '../runners/index.ts'
import type { TestSuite } from '../suite.ts'
import type { ExecutionResult } from './execution.ts'
import { runExecution } from './execution.ts'
import type { ReportRecord } from './records.ts'
import { assembleReport } from './report.ts'
import { openWorkspace, programPath, workspaceRoot } from './workspace.ts'

export interface RunSuiteOptions {
  /** Which tests to run; all when absent. */
  readonly select?: {
    /** Test files, relative to the workspace. */
    readonly files?: readonly string[]
    /** Ids or names of tests. Runners that cannot choose run the whole files; the report holds only these. */
    readonly names?: readonly string[]
  }
  /** Milliseconds for everything. */
  readonly timeoutMs: number
  /** Milliseconds for one test file, where each is a program of its own. Two minutes when absent. */
  readonly fileTimeoutMs?: number
  readonly signal?: AbortSignal
  /** What the tests print, as it comes. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
  /** Called for each test as it is reported, for progress. */
  readonly onTest?: (name: string, outcome: 'passed' | 'failed' | 'skipped' | 'todo') => void
}

const defaultFileTimeoutMs = 120_000

/**
 * Runs a suite in a sandbox that holds the repository and its dependencies. Whatever the tests do (print, hang, crash,
 * end the process), the report says what was seen: tests that finished have their outcome, and nothing counts as
 * passed without having been reported by the runner.
 *
 * @throws the reason of `signal` when cancelled
 */
export async function runSuite(
  sandbox: Sandbox,
  suite: TestSuite,
  options: RunSuiteOptions,
): Promise<TestReport> {
  const startedAt = performance.now()
  const deadline = startedAt + options.timeoutMs
  const runner = runners[suite.framework]
  const request: PlanRequest = {
    suite,
    selection: selectionOf(suite, options),
    files: openWorkspace(sandbox, suite.directory),
    processors: availableParallelism(),
  }
  const failed = await prepare(sandbox, suite, deadline, options)
  if (failed !== null) return { ...failed, durationMs: performance.now() - startedAt }
  const { executions, concurrency } = await runner.plan(request)
  const results = await runAll(executions, concurrency, async (execution) => {
    const remaining = deadline - performance.now()
    if (remaining <= 0) return null
    const limit = execution.file === null ? remaining : (options.fileTimeoutMs ?? defaultFileTimeoutMs)
    return runExecution(sandbox, suite, execution, {
      timeoutMs: Math.min(remaining, limit),
      signal: options.signal,
      onOutput: options.onOutput,
      onRecord: recordListener(options),
    })
  })
  options.signal?.throwIfAborted()
  const done = results.filter((result) => result !== null)
  const exhausted = done.length < results.length
  return assembleReport(runner, request, done, performance.now() - startedAt, exhausted)
}

function recordListener({ onTest }: RunSuiteOptions): ((record: ReportRecord) => void) | undefined {
  if (onTest === undefined) return undefined
  return (record) => {
    if (record.kind === 'case') onTest(record.name, record.outcome)
  }
}

/** Runs the builds that the tests need; a report if one of them fails. */
async function prepare(
  sandbox: Sandbox,
  suite: TestSuite,
  deadline: number,
  options: RunSuiteOptions,
): Promise<TestReport | null> {
  for (const command of suite.preparation) {
    const result = await sandbox.run({
      argv: ['/bin/sh', '-c', command],
      cwd: posix.join(workspaceRoot, suite.directory),
      env: { CI: 'true', PATH: programPath(suite.directory) },
      timeoutMs: Math.max(1, deadline - performance.now()),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }),
    })
    options.signal?.throwIfAborted()
    const { ended } = result
    if (ended.kind === 'exited' && ended.code === 0) continue
    return {
      framework: suite.framework,
      command,
      exitCode: ended.kind === 'exited' ? ended.code : null,
      outcome: ended.kind === 'killed' && ended.by === 'timeout' ? 'timed-out' : 'crashed',
      durationMs: result.durationMs,
      tests: [],
      outputTail: `The build in front of the tests failed: ${command}\n${(result.stdout + result.stderr).slice(-16_384)}`,
    }
  }
  return null
}

/** Paths relative to the package, and names without their file. Ids name files too. */
function selectionOf(suite: TestSuite, { select }: RunSuiteOptions): TestSelection {
  if (select === undefined) return {}
  const inside = (path: string): string => posix.relative(suite.directory, path)
  const ids = (select.names ?? []).map((name) => splitId(name))
  const named = ids.map(({ file }) => file)
  const files =
    select.files ?? (named.length > 0 && named.every((file) => file !== undefined) ? named : undefined)
  const whole = ids.some(({ rest }) => rest === undefined)
  return {
    ...(files === undefined ? {} : { files: [...new Set(files.map(inside))] }),
    ...(select.names === undefined || whole
      ? {}
      : { names: ids.map(({ rest }) => rest).filter((rest) => rest !== undefined) }),
  }
}

const separator = ' > '

/** Parts of a test id. What looks like no path is a name. */
function splitId(id: string): { readonly file?: string; readonly rest?: string } {
  const at = id.indexOf(separator)
  const head = at === -1 ? id : id.slice(0, at)
  const isFile = /^[^\s]+\.(py|[cm]?[jt]sx?)$/.test(head)
  if (!isFile) return { rest: id.replace(/ #\d+$/, '') }
  return at === -1
    ? { file: head }
    : { file: head, rest: id.slice(at + separator.length).replace(/ #\d+$/, '') }
}

/** Runs executions with bounded concurrency; results in their order. */
async function runAll(
  executions: readonly Execution[],
  concurrency: number,
  run: (execution: Execution) => Promise<ExecutionResult | null>,
): Promise<readonly (ExecutionResult | null)[]> {
  const results: (ExecutionResult | null)[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < executions.length; at = next++) {
      const execution = executions[at]
      if (execution !== undefined) results[at] = await run(execution)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return results
}
