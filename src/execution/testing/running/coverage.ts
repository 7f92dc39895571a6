import { availableParallelism } from 'node:os'
import { posix } from 'node:path'
import type { Sandbox } from '../../sandbox/index.ts'
import { testingErrors } from '../errors.ts'
import type { Execution } from '../runners/index.ts'
import { runners } from '../runners/index.ts'
import type { TestSuite } from '../suite.ts'
import { runExecution } from './execution.ts'
import { assembleReport } from './report.ts'
import { openWorkspace } from './workspace.ts'

/** What one test file executed. */
export interface FileCoverage {
  /** The test file, relative to the workspace. */
  readonly file: string
  /** Whether all its tests passed. */
  readonly outcome: 'passed' | 'failed'
  /**
   * Per file of the repository, relative to the workspace, what was executed at least once, loading included:
   * `[start, end)` in UTF-16 code units.
   */
  readonly covered: Readonly<Record<string, readonly { readonly start: number; readonly end: number }[]>>
}

export interface CoverageOptions {
  /** Test files, relative to the workspace. */
  readonly files: readonly string[]
  /** Milliseconds for everything; files that do not fit are left out. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Runners whose tests run in processes that V8 measures, on the files as they stand. */
const measurable = new Set<string>(['node:test', 'tape', 'tap', 'mocha', 'jasmine'])

/**
 * Runs test files one by one and measures with V8's own counters what each executes. Files that were translated
 * before they ran are left out, since their offsets mean nothing in the source.
 *
 * @throws `ATL_TESTING_NO_COVERAGE` for runners that load files in a manner of their own
 */
export async function collectCoverage(
  sandbox: Sandbox,
  suite: TestSuite,
  options: CoverageOptions,
): Promise<readonly FileCoverage[]> {
  if (!measurable.has(suite.framework)) throw testingErrors.NO_COVERAGE({ detail: suite.framework })
  const deadline = performance.now() + options.timeoutMs
  const found: FileCoverage[] = []
  for (const file of options.files) {
    const remaining = deadline - performance.now()
    options.signal?.throwIfAborted()
    if (remaining <= 0) break
    found.push(await measureFile(sandbox, suite, file, remaining, options.signal))
  }
  return found
}

async function measureFile(
  sandbox: Sandbox,
  suite: TestSuite,
  file: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<FileCoverage> {
  const runner = runners[suite.framework]
  const request = {
    suite,
    selection: { files: [posix.relative(suite.directory, file)] },
    files: openWorkspace(sandbox, suite.directory),
    processors: availableParallelism(),
  }
  const { executions } = await runner.plan(request)
  const results = []
  for (const execution of executions)
    results.push(await runExecution(sandbox, suite, measured(execution), { timeoutMs, signal }))
  const report = await assembleReport(runner, request, results, 0, false)
  const records = results.flatMap((result) => result.records).filter((record) => record.kind === 'coverage')
  return {
    file,
    outcome: report.outcome === 'passed' ? 'passed' : 'failed',
    covered: Object.fromEntries(
      records.map((record) => [
        posix.join(suite.directory, record.file),
        record.covered.map(([start, end]) => ({ start, end })),
      ]),
    ),
  }
}

/** The same execution, followed by a reading of what V8 wrote. */
function measured(execution: Execution): Execution {
  return {
    ...execution,
    exec: false,
    reporters: [...execution.reporters, 'coverage.cjs'],
    command: [
      `NODE_V8_COVERAGE="$reporters/coverage" ${execution.command}`,
      'status=$?',
      'node "$reporters/coverage.cjs" "$reporters/coverage"',
      'exit "$status"',
    ].join('\n'),
  }
}
