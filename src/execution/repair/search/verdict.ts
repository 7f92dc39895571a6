import type { TestReport } from '../../../contracts/index.ts'
import type { Reproduction } from '../model.ts'

/**
 * Whether the project's own run accepts a candidate: every failing test passes now and none that passed fails. Where
 * the runner names no tests its exit status decides.
 */
export function isAccepted(report: TestReport, reproduction: Reproduction): boolean {
  if (report.outcome === 'crashed' || report.outcome === 'timed-out') return false
  const outcomes = new Map(report.tests.map((test) => [test.id, test.outcome]))
  const named = reproduction.failing.filter((test) => outcomes.has(test.id))
  if (named.length === 0) return report.outcome === 'passed'
  return (
    named.length === reproduction.failing.length &&
    named.every((test) => outcomes.get(test.id) === 'passed') &&
    reproduction.passing.every((test) => outcomes.get(test.id) === 'passed')
  )
}
