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
  const complete = parse(text, (root) => followTest(root, file, [], file ?? 'tests', cases))
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
      results.bailout === false &&
      results.failures.every((failure) => typeof failure.tapError !== 'string')
  })
  follow(parser)
  parser.end(text)
  return complete
}

/** Collects the cases of one test and of those below it; the test itself is added when it ends. */
function followTest(
  parser: Parser,
  file: string | undefined,
  path: readonly string[],
  name: string,
  cases: CaseRecord[],
): void {
  let assertions = 0
  let children = 0
  let failure: Result | undefined
  let open: string | undefined
  parser.on('child', (child: Parser) => {
    children += 1
    open = child.name
    followTest(child, file, parser.level === 0 ? [] : [...path, name], child.name, cases)
  })
  parser.on('assert', (result: Result) => {
    if (result.closingTestPoint) {
      open = undefined
      closeChild(result)
    } else if (result.skip !== false || result.todo !== false)
      cases.push(caseOf(result, file, parser.level === 0 ? [] : [...path, name]))
    else {
      assertions += 1
      if (!result.ok) failure ??= result
    }
  })
  /** A test whose plan is wrong or that timed out fails although all its assertions hold. */
  const closeChild = (result: Result): void => {
    const own = cases.findLast((test) => test.name === result.name)
    if (own !== undefined && result.time !== null) own.durationMs = result.time
    if (result.ok || result.todo !== false || result.skip !== false) return
    const inner = parser.level === 0 ? [] : [...path, name]
    const told = cases.some(
      (test) =>
        test.outcome === 'failed' &&
        (test.path.length > inner.length
          ? test.path[inner.length] === result.name
          : test.name === result.name),
    )
    if (!told) cases.push(caseOf(result, file, inner))
  }
  parser.on('complete', () => {
    if (open !== undefined && parser.level === 0) return
    if (assertions === 0 && (children > 0 || parser.level === 0)) return
    cases.push({
      kind: 'case',
      ...(file === undefined ? {} : { file }),
      path: [...path],
      name,
      outcome: failure === undefined ? 'passed' : 'failed',
      ...(failure === undefined ? {} : failureOf(failure)),
    })
  })
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
