import type { TestCase, TestReport } from '../../../contracts/index.ts'
import type { Reproduction } from '../model.ts'

/**
 * Whether the project's own run accepts a candidate: every failing test passes now and none that passed fails. Where
 * the runner names no tests its exit status decides.
 */
export function isAccepted(report: TestReport, reproduction: Reproduction): boolean {
  if (report.outcome === 'crashed' || report.outcome === 'timed-out') return false
  const byId = Map.groupBy(report.tests, (test) => test.id)
  const runsOf = ({ id }: TestCase): readonly TestCase[] =>
    byId.get(id) ?? report.tests.filter(masked.test(id) ? matcherOf(id) : () => false)
  const passes = (test: TestCase): boolean => {
    const runs = runsOf(test)
    return runs.length > 0 && runs.every(({ outcome }) => outcome === 'passed')
  }
  if (reproduction.failing.every((test) => runsOf(test).length === 0)) return report.outcome === 'passed'
  return reproduction.failing.every(passes) && reproduction.passing.every(passes)
}

/** What looks like a secret was masked when the reproduction was recorded, in the names of tests too. */
const masked = /\[redacted:[^\]]*\]/

function matcherOf(id: string): (test: TestCase) => boolean {
  const parts = id.split(masked)
  return (test) => {
    let at = 0
    const inOrder = parts.every((part, index) => {
      const found = test.id.indexOf(part, at)
      at = found + part.length
      return index === 0 ? found === 0 : found >= 0
    })
    return inOrder && test.id.endsWith(parts.at(-1) ?? '')
  }
}
