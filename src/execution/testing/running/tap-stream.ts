import type { Result } from 'tap-parser'
import { Parser } from 'tap-parser'
import { z } from 'zod'
import type { CaseRecord } from './records.ts'

/** What a TAP stream (https://testanything.org) says. */
export interface TapReading {
  readonly cases: readonly CaseRecord[]
  /** Whether the stream was complete: it has a plan, keeps it, and nobody bailed out. */
  readonly complete: boolean
}

const diagnosisSchema = z
  .object({
    at: z.union([z.string(), z.object({ file: z.string(), line: z.number() }).partial()]),
    stack: z.string(),
    message: z.string(),
    source: z.string(),
    diff: z.string(),
    found: z.unknown(),
    wanted: z.unknown(),
  })
  .partial()

/**
 * Reads a stream in which subtests are the tests, as tap writes it: assertions of a test are summed up. Assertions
 * outside of any test count as one test, named like the file.
 */
export function readTapTests(text: string, file: string | undefined): TapReading {
  const cases: CaseRecord[] = []
  const collector = new TestCollector(file, cases)
  const complete = parse(text, (root) => collector.followRoot(root))
  return { cases, complete }
}

/** Reads a stream in which each line is a test, as AVA and `command` suites write it. */
export function readTapPoints(text: string): TapReading {
  const cases: CaseRecord[] = []
  const follow = (parser: Parser, path: readonly string[]): void => {
    parser.on('assert', (result: Result) => {
      if (!result.closingTestPoint) cases.push(caseOf(result, undefined, path))
    })
    parser.on('child', (child: Parser) => follow(child, [...path, child.name]))
  }
  const complete = parse(text, (root) => follow(root, []))
  return { cases, complete }
}

function parse(text: string, follow: (root: Parser) => void): boolean {
  let complete = false
  const parser = new Parser((results) => {
    complete =
      results.plan.end !== null &&
      results.count === results.plan.end - (results.plan.start ?? 1) + 1 &&
      results.bailout === false &&
      results.failures.every((failure) => typeof failure.tapError !== 'string')
  })
  follow(parser)
  parser.end(text)
  return complete
}

/** A test of which the stream is being read. */
interface OpenTest {
  readonly path: readonly string[]
  readonly name: string
  assertions: number
  children: number
  /** The first assertion of its own that does not hold. */
  failure: Result | undefined
  /** Whether a test inside of it failed. */
  failedInside: boolean
  /** The test inside of it that did not end yet. */
  inner: OpenTest | undefined
}

/** Turns the events of a stream into cases. A test counts only once the line that closes it was seen. */
class TestCollector {
  readonly #file: string | undefined
  readonly #cases: CaseRecord[]

  constructor(file: string | undefined, cases: CaseRecord[]) {
    this.#file = file
    this.#cases = cases
  }

  followRoot(parser: Parser): void {
    const root = this.#follow(parser, [], this.#file ?? 'tests')
    parser.on('complete', () => {
      if (root.inner !== undefined) this.#unfinished(root.inner)
      if (root.assertions === 0) return
      // Tests that did not run because another ended the process: that one tells it.
      const queued = root.failure?.name.startsWith('child test left in queue') === true
      if (!queued || !root.failedInside) this.#close(root, [], root.failure)
    })
  }

  /** `inside` is the path of the tests that stand in this one. */
  #follow(parser: Parser, inside: readonly string[], name: string, path: readonly string[] = []): OpenTest {
    const test: OpenTest = {
      path,
      name,
      assertions: 0,
      children: 0,
      failure: undefined,
      failedInside: false,
      inner: undefined,
    }
    parser.on('child', (child: Parser) => {
      test.children += 1
      test.inner = this.#follow(child, [...inside, child.name], child.name, inside)
    })
    parser.on('assert', (result: Result) => {
      if (result.closingTestPoint && test.inner !== undefined) {
        const failed = this.#closeInner(test.inner, result)
        test.failedInside ||= failed
        test.inner = undefined
      } else if (result.skip !== false || result.todo !== false)
        this.#cases.push(caseOf(result, this.#file, inside))
      else {
        test.assertions += 1
        if (!result.ok) test.failure ??= result
      }
    })
    return test
  }

  /** True if the test or one inside of it failed. */
  #closeInner(test: OpenTest, result: Result): boolean {
    const failed = !result.ok && result.todo === false && result.skip === false
    // A test that only groups others, or fails only with them, is told by them.
    const told = failed ? test.failure === undefined && test.failedInside : test.children > 0
    if (!told || test.assertions > 0) {
      // A wrong plan or a time-out fails a test although all its assertions hold.
      const cause = failed && !told ? (test.failure ?? result) : undefined
      this.#close(test, test.path, cause, result.time)
    }
    return failed
  }

  #close(
    test: OpenTest,
    path: readonly string[],
    failure: Result | undefined,
    time: number | null = null,
  ): void {
    this.#cases.push({
      kind: 'case',
      ...(this.#file === undefined ? {} : { file: this.#file }),
      path: [...path],
      name: test.name,
      outcome: failure === undefined ? 'passed' : 'failed',
      ...(time === null ? {} : { durationMs: time }),
      ...(failure === undefined ? {} : failureOf(failure)),
    })
  }

  #unfinished(test: OpenTest): void {
    if (test.inner !== undefined) {
      this.#unfinished(test.inner)
      return
    }
    this.#cases.push({
      kind: 'case',
      ...(this.#file === undefined ? {} : { file: this.#file }),
      path: [...test.path],
      name: test.name,
      outcome: 'failed',
      ...(test.failure === undefined
        ? { message: 'the process ended before this test did' }
        : failureOf(test.failure)),
    })
  }
}

function caseOf(result: Result, file: string | undefined, path: readonly string[]): CaseRecord {
  const outcome =
    result.skip !== false ? 'skipped' : result.todo !== false ? 'todo' : result.ok ? 'passed' : 'failed'
  return {
    kind: 'case',
    ...(file === undefined ? {} : { file }),
    path: [...path],
    name: result.name,
    outcome,
    ...(result.time === null ? {} : { durationMs: result.time }),
    ...(outcome === 'failed' ? failureOf(result) : {}),
  }
}

function failureOf(result: Result): Pick<CaseRecord, 'message' | 'stack' | 'line'> {
  const parsed = diagnosisSchema.safeParse(result.diag)
  const diagnosis = parsed.success ? parsed.data : {}
  const values =
    diagnosis.diff ??
    (diagnosis.wanted === undefined && diagnosis.found === undefined
      ? undefined
      : `expected ${JSON.stringify(diagnosis.wanted)}, got ${JSON.stringify(diagnosis.found)}`)
  const line = typeof diagnosis.at === 'object' ? diagnosis.at.line : undefined
  const head = diagnosis.message ?? (result.name === '' ? 'failed' : result.name)
  return {
    message: values === undefined ? head : `${head}\n${values}`,
    ...(diagnosis.stack === undefined ? {} : { stack: diagnosis.stack }),
    ...(line === undefined ? {} : { line }),
  }
}
