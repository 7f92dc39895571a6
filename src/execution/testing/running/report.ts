import { posix } from 'node:path'
import type { TestCase, TestReport } from '../../../contracts/index.ts'
import type { PlanRequest, Runner, TestSelection } from '../runners/index.ts'
import type { TestSuite } from '../suite.ts'
import type { ExecutionResult } from './execution.ts'
import type { CaseRecord } from './records.ts'
import { readTapTests } from './tap-stream.ts'

/** What one execution showed. */
interface Reading {
  readonly cases: readonly CaseRecord[]
  readonly state: 'complete' | 'incomplete' | 'timed-out'
  readonly exitCode: number | null
  readonly result: ExecutionResult
}

/** Makes one report of all executions. Nothing counts as passed that no reporter reported. */
export async function assembleReport(
  runner: Runner,
  request: PlanRequest,
  results: readonly ExecutionResult[],
  durationMs: number,
  exhausted: boolean,
): Promise<TestReport> {
  const { suite, selection } = request
  const readings: Reading[] = []
  for (const result of results) readings.push(await read(runner, request, result))
  const all = numbered(readings.flatMap(({ cases }) => cases.map((test) => testCase(test, suite.directory))))
  const tests = all.filter((test) => isSelected(test, selection, suite.directory))
  return {
    framework: suite.framework,
    command: suite.command,
    exitCode: exitCodeOf(readings),
    outcome: outcomeOf(readings, tests, exhausted),
    durationMs,
    tests,
    outputTail: outputTail(results),
  }
}

async function read(runner: Runner, request: PlanRequest, result: ExecutionResult): Promise<Reading> {
  const { cases, complete } = await casesOf(runner, request, result)
  const { ended } = result
  const exitCode = ended.kind === 'exited' ? ended.code : ended.kind === 'lingered' ? 0 : null
  const timedOut = ended.kind === 'killed' && (ended.by === 'timeout' || ended.by === 'cpu')
  const state = timedOut ? 'timed-out' : complete ? 'complete' : 'incomplete'
  const own = fileFailure(result, cases, state, exitCode)
  return { cases: own === null ? cases : [...cases, own], state, exitCode, result }
}

async function casesOf(
  runner: Runner,
  request: PlanRequest,
  result: ExecutionResult,
): Promise<{ readonly cases: readonly CaseRecord[]; readonly complete: boolean }> {
  const { execution, records } = result
  const broken = records
    .filter((record) => record.kind === 'broken')
    .map(({ file, message, stack }) => brokenCase(file ?? execution.file, message, stack))
  const cases = records.filter((record) => record.kind === 'case')
  if (execution.results === 'records')
    return { cases: [...cases, ...broken], complete: records.some((record) => record.kind === 'end') }
  if (execution.results === 'tap-records') return casesOfTap(result)
  const reading = await runner.readOutput?.(result.stdout, request)
  if (reading !== undefined && reading.cases.length > 0) return reading
  return runner.framework === 'command' ? commandCase(request.suite, result) : { cases: [], complete: false }
}

/** The streams of all test processes; each has to be complete. */
function casesOfTap({ records, execution }: ExecutionResult): {
  readonly cases: readonly CaseRecord[]
  readonly complete: boolean
} {
  const streams = new Map<string, { readonly file: string | undefined; text: string }>()
  for (const record of records) {
    if (record.kind !== 'tap') continue
    const id = `${record.process} ${record.file ?? ''}`
    const stream = streams.get(id) ?? { file: record.file, text: '' }
    stream.text += record.text
    streams.set(id, stream)
  }
  const readings = [...streams.values()].map(({ file, text }) => ({
    file,
    ...readTapTests(text, file ?? execution.file ?? undefined),
  }))
  return {
    cases: readings.flatMap(({ cases, complete, file }) =>
      complete || execution.file !== null
        ? cases
        : [...cases, brokenCase(file, 'the file ended before all its tests did', undefined)],
    ),
    complete: readings.length > 0 && readings.every(({ complete }) => complete),
  }
}

/** A suite of which only the exit status is known is one test. */
function commandCase(
  suite: TestSuite,
  result: ExecutionResult,
): { readonly cases: readonly CaseRecord[]; readonly complete: boolean } {
  if (result.ended.kind !== 'exited') return { cases: [], complete: false }
  const { code } = result.ended
  const failure = { message: `exit status ${code}`, stack: result.outputTail }
  return {
    complete: true,
    cases: [
      {
        kind: 'case',
        path: [],
        name: suite.command,
        outcome: code === 0 ? 'passed' : 'failed',
        durationMs: result.durationMs,
        ...(code === 0 ? {} : failure),
      },
    ],
  }
}

function brokenCase(
  file: string | null | undefined,
  message: string | undefined,
  stack: string | undefined,
): CaseRecord {
  return {
    kind: 'case',
    ...(file === null || file === undefined ? {} : { file }),
    path: [],
    name: file ?? 'outside of any test',
    outcome: 'failed',
    message: message ?? 'it could not be run',
    ...(stack === undefined ? {} : { stack }),
  }
}

/** The failure of a test file as a whole, where each file is a program. */
function fileFailure(
  { execution: { file }, ended, outputTail: tail, durationMs, records }: ExecutionResult,
  cases: readonly CaseRecord[],
  state: Reading['state'],
  exitCode: number | null,
): CaseRecord | null {
  if (file === null) return null
  const failed = cases.some((test) => test.outcome === 'failed')
  if (state === 'timed-out')
    return brokenCase(file, `the file did not end within ${(durationMs / 1000).toFixed(0)} s`, tail)
  if (ended.kind === 'killed') return brokenCase(file, `the process was ended: ${ended.by}`, tail)
  const called = records.some((record) => record.kind === 'exit' && record.called)
  const status = `exit status ${exitCode ?? 0}`
  // A file without tests that ends by itself, such as a helper that the pattern matches too, is nothing to report.
  if (cases.length === 0 && exitCode === 0 && !called) return null
  if (cases.length === 0 && exitCode !== 0) return brokenCase(file, lastErrorLine(tail) ?? status, tail)
  if ((state === 'incomplete' || cases.length === 0) && !failed)
    return brokenCase(file, `the file ended before its tests were reported (${status})`, tail)
  if (exitCode !== 0 && !failed)
    return brokenCase(file, `every test passed, but the file ended with ${status}`, tail)
  return null
}

function lastErrorLine(tail: string): string | undefined {
  return tail
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => /^(\w*Error|\w+ \[\w+\])\b.*:/.test(line))
}

function outcomeOf(
  readings: readonly Reading[],
  tests: readonly TestCase[],
  exhausted: boolean,
): TestReport['outcome'] {
  if (exhausted || readings.some(({ state }) => state === 'timed-out')) return 'timed-out'
  const broken = readings.filter(({ state, cases }) => state === 'incomplete' && cases.length > 0)
  const [only] = readings
  if (readings.length === 1 && only?.state === 'incomplete' && only.result.execution.file === null)
    return 'crashed'
  if (broken.length === readings.length && tests.every(({ id, file }) => id === file) && tests.length > 0)
    return 'crashed'
  if (tests.some((test) => test.outcome === 'failed')) return 'failed'
  if (tests.length === 0) return 'no-tests'
  return readings.every(({ exitCode, result }) => exitCode === 0 || result.execution.file !== null)
    ? 'passed'
    : 'failed'
}

/** The first status that is not zero; null if a process was killed. */
function exitCodeOf(readings: readonly Reading[]): number | null {
  if (readings.some(({ exitCode }) => exitCode === null)) return null
  return readings.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0
}

function testCase(record: CaseRecord, directory: string): TestCase {
  const { durationMs, line, message, name, outcome, path, stack } = record
  const file = record.file === undefined ? undefined : posix.join(directory, record.file)
  const own = name === record.file && path.length === 0
  return {
    id: own && file !== undefined ? file : [...(file === undefined ? [] : [file]), ...path, name].join(' > '),
    name: own && file !== undefined ? file : name,
    outcome,
    ...(file === undefined ? {} : { file }),
    ...(line !== undefined && line > 0 ? { line: Math.trunc(line) } : {}),
    ...(durationMs !== undefined && durationMs >= 0 ? { durationMs } : {}),
    ...(message === undefined ? {} : { message }),
    ...(stack === undefined ? {} : { stack }),
  }
}

/** Equal ids are told apart by their order, which is the order of declaration. */
function numbered(tests: readonly TestCase[]): readonly TestCase[] {
  const seen = new Map<string, number>()
  return tests.map((test) => {
    const count = (seen.get(test.id) ?? 0) + 1
    seen.set(test.id, count)
    return count === 1 ? test : { ...test, id: `${test.id} #${count}` }
  })
}

function isSelected(test: TestCase, selection: TestSelection, directory: string): boolean {
  if (test.outcome === 'failed' && test.id === test.file) return true
  const { files, names } = selection
  if (files !== undefined && test.file !== undefined) {
    if (!files.some((file) => posix.join(directory, file) === test.file)) return false
  }
  if (names === undefined) return true
  const prefix = test.file === undefined ? '' : `${test.file} > `
  const rest = test.id.startsWith(prefix) ? test.id.slice(prefix.length) : test.id
  return names.some((name) => name === rest || name === test.name || rest.startsWith(`${name} #`))
}

const tailLength = 16_384

function outputTail(results: readonly ExecutionResult[]): string {
  const [only] = results
  const text =
    results.length === 1 && only !== undefined
      ? only.outputTail
      : results
          .filter(({ ended }) => ended.kind !== 'exited' || ended.code !== 0)
          .map(({ execution, outputTail: tail }) => `# ${execution.file ?? 'tests'}\n${tail.slice(-2048)}`)
          .join('\n')
  const discarded = results.reduce((sum, result) => sum + result.discardedBytes, 0)
  const note = discarded === 0 ? '' : `\n[${discarded} more bytes of output were not kept]\n`
  return text.slice(-tailLength) + note
}
