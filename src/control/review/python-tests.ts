import type { Finding } from '../../contracts/index.ts'
import { findSymbols } from '../../execution/repository/index.ts'
import { without } from './multiset.ts'

interface PythonTest {
  readonly name: string
  readonly line: number
  readonly isSkipped: boolean
  readonly isExpectedToFail: boolean
  readonly swallowsErrors: boolean
  readonly returnsEarly: boolean
  readonly assertions: readonly string[]
  readonly body: string
}

/**
 * Compares the tests of a Python file by their lines: deleted and skipped tests, removed and weakened assertions,
 * swallowed errors. Indentation delimits tests, so no parser is needed.
 */
export function comparePythonTests(path: string, before: string, after: string | null): readonly Finding[] {
  const old = readPythonTests(before)
  const current = after === null ? [] : readPythonTests(after)
  const byName = new Map(current.map((test) => [test.name, test]))
  const byBody = new Map(current.map((test) => [test.body, test]))
  const findings = old.flatMap((test): readonly Finding[] => {
    const successor = byName.get(test.name) ?? byBody.get(test.body)
    if (successor !== undefined) return compareTests(path, test, successor)
    const commented =
      after
        ?.split('\n')
        .some((line) => /^\s*#/.test(line) && line.includes(test.name.split('.').at(-1) ?? '')) === true
    return [
      {
        rule: commented ? 'tests/commented-out' : 'tests/deleted',
        severity: 'high',
        message: `the test "${test.name}" is ${commented ? 'commented out' : 'gone'}`,
        file: path,
      },
    ]
  })
  if (old.length > 0 || before === '' || before === after) return findings
  return [
    {
      rule: 'tests/support-changed',
      severity: 'medium',
      message: `${path} belongs to the tests and is changed`,
      file: path,
    },
  ]
}

function readPythonTests(text: string): readonly PythonTest[] {
  const lines = text.split('\n')
  const symbols = findSymbols('tests.py', text)
  const skippedClasses = symbols
    .filter(
      (symbol) => !/(?:^|\.)test/.test(symbol.name) && decoratorsAbove(lines, symbol.firstLine).some(isSkip),
    )
    .map((symbol) => symbol.name)
  return symbols.flatMap((symbol) => {
    const name = symbol.name.split('.').at(-1) ?? ''
    if (!name.startsWith('test')) return []
    const own = lines.slice(symbol.firstLine, symbol.lastLine).map((line) => line.slice(0, 2000))
    const decorators = decoratorsAbove(lines, symbol.firstLine)
    const isInSkippedClass = skippedClasses.some((owner) => symbol.name.startsWith(`${owner}.`))
    return [
      {
        name: symbol.name,
        line: symbol.firstLine,
        isSkipped:
          isInSkippedClass ||
          decorators.some(isSkip) ||
          own.some((line) =>
            /\b(?:pytest\.skip|self\.skipTest|raise\s+(?:unittest\.)?SkipTest)\b/.test(line),
          ),
        isExpectedToFail: decorators.some((line) => /xfail|expectedFailure/.test(line)),
        swallowsErrors: swallows(own),
        returnsEarly: own.some((line) => /^\s+return\s*(?:None\s*)?$/.test(line)),
        assertions: own
          .map((line) => line.trim())
          .filter((line) =>
            /^assert\b|^self\.(?:assert|fail)\w*\(|\bpytest\.(?:raises|warns|approx)\b/.test(line),
          ),
        body: own.join('\n').replace(/\s+/g, ''),
      },
    ]
  })
}

function decoratorsAbove(lines: readonly string[], firstLine: number): readonly string[] {
  const decorators: string[] = []
  for (let i = firstLine - 2; i >= 0 && /^\s*@/.test(lines[i] ?? ''); i -= 1)
    decorators.push((lines[i] ?? '').slice(0, 500))
  return decorators
}

function isSkip(decorator: string): boolean {
  return /\bskip(?:if|If|Unless)?\b/.test(decorator)
}

/** An `except` whose next line does nothing about the error. */
function swallows(lines: readonly string[]): boolean {
  return lines.some(
    (line, index) =>
      /^\s*except\b/.test(line) &&
      /^\s*(?:pass|return|continue|\.\.\.)\b|^\s*\.\.\.\s*$/.test(lines[index + 1] ?? ''),
  )
}

function compareTests(path: string, before: PythonTest, after: PythonTest): readonly Finding[] {
  if (
    before.body === after.body &&
    before.isSkipped === after.isSkipped &&
    before.isExpectedToFail === after.isExpectedToFail
  )
    return []
  const high = (rule: string, words: string, evidence?: string): Finding => ({
    rule: `tests/${rule}`,
    severity: 'high',
    message: `the test "${after.name}" ${words}`,
    file: path,
    line: after.line,
    ...(evidence === undefined ? {} : { evidence }),
  })
  const findings = [
    ...(after.isSkipped && !before.isSkipped ? [high('skipped', 'is skipped now')] : []),
    ...(after.isExpectedToFail && !before.isExpectedToFail
      ? [high('skipped', 'is expected to fail now')]
      : []),
    ...(after.swallowsErrors && !before.swallowsErrors
      ? [high('swallowed-errors', 'catches the errors of its assertions now')]
      : []),
    ...(after.returnsEarly && !before.returnsEarly
      ? [high('early-return', 'returns before its end now')]
      : []),
  ]
  const removed = without(before.assertions, after.assertions, String)
  const added = without(after.assertions, before.assertions, String)
  for (const old of removed) {
    const successor = added.shift()
    const evidence = `- ${old}${successor === undefined ? '' : `\n+ ${successor}`}`
    if (successor === undefined)
      findings.push(high('assertion-removed', 'lacks an assertion that it had', evidence))
    else if (strengthOf(successor) < strengthOf(old))
      findings.push(high('assertion-weakened', 'says less than before', evidence))
    else
      findings.push({
        ...high('expectation-changed', 'expects something else now', evidence),
        severity: 'medium',
      })
  }
  if (findings.length > 0) return findings
  return [{ ...high('changed', 'is changed; its assertions are not'), severity: 'low' }]
}

function strengthOf(assertion: string): number {
  if (/^assert\s+(?:True|1|not\s+(?:False|None))\s*$|assertTrue\((?:True)\)/.test(assertion)) return 0
  if (
    /==|\bassert(?:Equal|ListEqual|DictEqual|SequenceEqual|CountEqual|Is|IsNone|Raises)\(|\bis None\b/.test(
      assertion,
    )
  )
    return 3
  if (/[<>]|\bin\b|!=|\bassert(?:In|Regex|AlmostEqual|Greater|Less)\w*\(|raises/.test(assertion)) return 2
  return 1
}
