import { describe, expect, it } from 'vitest'

import type { TestCase, TestReport } from '../../../contracts/index.ts'
import { isAccepted } from './verdict.ts'

const test = (id: string, outcome: TestCase['outcome'] = 'passed'): TestCase => ({ id, name: id, outcome })

function report(...tests: readonly TestCase[]): TestReport {
  const outcome = tests.every((one) => one.outcome === 'passed') ? 'passed' : 'failed'
  return {
    framework: 'pytest',
    command: 'python3 -m pytest',
    exitCode: outcome === 'passed' ? 0 : 1,
    outcome,
    durationMs: 1,
    tests: [...tests],
    outputTail: '',
  }
}

const reproduction = (failing: readonly string[], passing: readonly string[]) => ({
  failing: failing.map((id) => test(id, 'failed')),
  passing: passing.map((id) => test(id)),
  failingFiles: [],
  testFiles: [],
})

describe('isAccepted', () => {
  it('wants every failing test to pass and none that passed to fail or to be gone', () => {
    const wanted = reproduction(['a'], ['b'])
    expect(isAccepted(report(test('a'), test('b')), wanted)).toBe(true)
    expect(isAccepted(report(test('a'), test('b', 'failed')), wanted)).toBe(false)
    expect(isAccepted(report(test('a')), wanted)).toBe(false)
    expect(isAccepted(report(test('b')), wanted)).toBe(true)
  })

  it('knows tests again in whose names something was masked', () => {
    const wanted = reproduction(['a'], ['url[http://[redacted:url-credentials]@example.org]'])
    const url = 'url[http://user:secret@example.org]'
    expect(isAccepted(report(test('a'), test(url)), wanted)).toBe(true)
    expect(isAccepted(report(test('a'), test(url, 'failed')), wanted)).toBe(false)
    expect(isAccepted(report(test('a'), test('url[other]')), wanted)).toBe(false)
  })
})
