import { describe, expect, it } from 'vitest'
import type { TestReport } from '../../../contracts/index.ts'
import { compareReports, failingSet } from '../index.ts'

function report(outcomes: Readonly<Record<string, 'passed' | 'failed'>>): TestReport {
  return {
    framework: 'mocha',
    command: 'mocha',
    exitCode: 0,
    outcome: 'passed',
    durationMs: 1,
    outputTail: '',
    tests: Object.entries(outcomes).map(([id, outcome]) => ({ id, name: id, outcome })),
  }
}

describe('comparing reports', () => {
  it('tells what was fixed, broken and lost', () => {
    const before = report({ a: 'failed', b: 'passed', c: 'passed', d: 'failed', e: 'passed' })
    const after = report({ a: 'passed', b: 'failed', d: 'failed', e: 'passed' })
    expect(compareReports(before, after)).toEqual({
      fixed: ['a'],
      broken: ['b'],
      stillFailing: ['d'],
      missing: ['c'],
    })
  })

  it('counts a file that could not load as fixed once its tests run, all of them well', () => {
    const before = report({ 'test/a.js': 'failed' })
    expect(compareReports(before, report({ 'test/a.js > x': 'passed' })).fixed).toEqual(['test/a.js'])
    expect(compareReports(before, report({ 'test/a.js > x': 'failed' })).fixed).toEqual([])
    expect(compareReports(before, report({})).stillFailing).toEqual(['test/a.js'])
  })

  it('keeps flaky tests out of the failing set', () => {
    const set = failingSet(report({ a: 'failed', b: 'failed' }), report({ a: 'failed', b: 'passed' }))
    expect(set.failing.map(({ id }) => id)).toEqual(['a'])
    expect(set.flaky.map(({ id }) => id)).toEqual(['b'])
  })
})
