import { describe, expect, it } from 'vitest'
import type { TestCase, TestReport } from '../../contracts/index.ts'
import { verdictSchema } from '../../contracts/index.ts'
import { judgeChange, type VerdictInput } from './index.ts'

const test = (id: string, outcome: TestCase['outcome']): TestCase => ({ id, name: id, outcome })
const report = (
  tests: Readonly<Record<string, TestCase['outcome']>>,
  outcome?: TestReport['outcome'],
): TestReport => ({
  framework: 'vitest',
  command: 'npx vitest run',
  exitCode: 0,
  outcome: outcome ?? (Object.values(tests).includes('failed') ? 'failed' : 'passed'),
  durationMs: 1,
  tests: Object.entries(tests).map(([id, result]) => test(id, result)),
  outputTail: '',
})
const base = report({ a: 'passed', b: 'failed', c: 'passed', old: 'failed' })
const input = (part: Partial<VerdictInput>): VerdictInput => ({
  baseRuns: [base],
  candidateRuns: [report({ a: 'passed', b: 'passed', c: 'passed', old: 'failed' })],
  reproduction: [test('b', 'failed')],
  findings: [],
  ...part,
})
const judge = (part: Partial<VerdictInput>) => judgeChange(input(part))

describe('judgeChange', () => {
  it('accepts a change that fixes the reproduction and breaks nothing', () => {
    const verdict = judge({})
    expect(verdict).toMatchObject({ outcome: 'accepted', fixed: ['b'], broken: [], stillFailing: ['old'] })
    expect(verdictSchema.safeParse(verdict).success).toBe(true)
    expect(verdict.reasons).toEqual([
      '1 test that failed before passes now',
      "3 of the base revision's tests pass on the new tree and none is broken",
      '1 test failed before and still fails',
    ])
  })

  it('accepts a change that is to keep behaviour as it is, if tests show that it does', () => {
    const kept = judge({ reproduction: null, candidateRuns: [base] })
    expect(kept).toMatchObject({ outcome: 'accepted', fixed: [], broken: [] })
    expect(kept.reasons[0]).toMatch(/^2 of the base revision's tests pass/)
    const none = report({ b: 'failed' })
    expect(judge({ reproduction: null, baseRuns: [none], candidateRuns: [none] }).reasons).toEqual([
      'nothing shows that the change breaks nothing: no test passes on the base revision',
    ])
    expect(judge({ reproduction: null, candidateRuns: [report({ a: 'failed', c: 'passed' })] }).outcome).toBe(
      'rejected',
    )
  })

  it.each<[string, Partial<VerdictInput>, RegExp]>([
    ['the reproduction still fails', { candidateRuns: [base] }, /1 test of the reproduction still fails/],
    [
      'a test breaks',
      { candidateRuns: [report({ a: 'failed', b: 'passed', c: 'passed' })] },
      /1 test that passed before does not pass/,
    ],
    [
      'a test is gone',
      { candidateRuns: [report({ b: 'passed', c: 'passed' })] },
      /1 test that passed before/,
    ],
    [
      'a test is skipped',
      { candidateRuns: [report({ a: 'skipped', b: 'passed', c: 'passed' })] },
      /1 test that passed before/,
    ],
    [
      'the suite crashes',
      { candidateRuns: [report({}, 'crashed')] },
      /did not run to an end on the new tree: crashed/,
    ],
    ['the suite hangs', { candidateRuns: [report({ b: 'passed' }, 'timed-out')] }, /timed-out/],
    ['no tests are left', { candidateRuns: [report({}, 'no-tests')] }, /no-tests/],
    ['nothing was reproduced', { reproduction: [] }, /there is no reproduction/],
    [
      'its own tests fail',
      { changedTests: report({ d: 'failed' }) },
      /tests that the change brings along: failed/,
    ],
    [
      'the outside reproduction fails',
      { reproductionRun: report({ b: 'failed' }) },
      /1 test of the reproduction/,
    ],
    [
      'a finding is critical',
      { findings: [{ rule: 'security/secret', severity: 'critical', message: 'a key is added' }] },
      /security\/secret: a key is added/,
    ],
  ])('rejects it when %s', (_, part, reason) => {
    const verdict = judge(part)
    expect(verdict.outcome).toBe('rejected')
    expect(verdict.reasons.join('\n')).toMatch(reason)
  })

  it('leaves other findings to people, worst first', () => {
    const verdict = judge({
      findings: [
        { rule: 'x', severity: 'low', message: 'l' },
        { rule: 'y', severity: 'high', message: 'h' },
      ],
    })
    expect(verdict.outcome).toBe('accepted')
    expect(verdict.findings.map((finding) => finding.rule)).toEqual(['y', 'x'])
  })

  it('does not blame a change for flaky tests, and says which they are', () => {
    const verdict = judge({
      baseRuns: [base, report({ a: 'failed', b: 'failed', c: 'passed', old: 'failed' })],
      candidateRuns: [report({ a: 'failed', b: 'passed', c: 'passed' })],
    })
    expect(verdict.outcome).toBe('accepted')
    expect(verdict.findings.map((finding) => finding.rule)).toEqual(['tests/flaky'])
  })

  it('lets a second run of the candidate clear a test', () => {
    const first = report({ a: 'failed', b: 'passed', c: 'passed' })
    const again = report({ a: 'passed', b: 'passed', c: 'passed' })
    expect(judge({ candidateRuns: [first, again] }).outcome).toBe('accepted')
  })

  it('takes a repeated name for failed if one of them fails', () => {
    const twice = { ...base, tests: [...base.tests, test('b', 'passed')] }
    const candidate = report({ a: 'passed', b: 'passed', c: 'passed' })
    const verdict = judge({
      baseRuns: [twice],
      candidateRuns: [{ ...candidate, tests: [...candidate.tests, test('c', 'failed')] }],
    })
    expect(verdict).toMatchObject({ outcome: 'rejected', broken: ['c'] })
  })

  it('judges a suite of which only the exit status is known', () => {
    const opaque = (outcome: TestReport['outcome']): TestReport => ({
      ...report({}, outcome),
      framework: 'command',
    })
    const part = { baseRuns: [opaque('failed')], reproductionRun: report({ b: 'passed' }) }
    expect(judge({ ...part, candidateRuns: [opaque('passed')] }).outcome).toBe('accepted')
    expect(judge({ ...part, candidateRuns: [opaque('failed')] }).reasons).toEqual([
      'the test command fails on the new tree',
    ])
  })
})
