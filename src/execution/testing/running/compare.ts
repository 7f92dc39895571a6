import type { TestCase, TestReport } from '../../../contracts/index.ts'

/** How tests changed from one report to another. Ids of tests. */
export interface ReportComparison {
  /** Failed before, and pass now or are gone because what contained the failure works now. */
  readonly fixed: readonly string[]
  /** Passed before and fail now. */
  readonly broken: readonly string[]
  readonly stillFailing: readonly string[]
  /** Passed before and were not reported now: they did not run, or do not exist any more. */
  readonly missing: readonly string[]
}

/**
 * Compares two runs of a suite. A failure of a whole file or group has no test of its own that could pass later: it is
 * fixed once tests inside of it are reported and none of them fails.
 */
export function compareReports(before: TestReport, after: TestReport): ReportComparison {
  const now = new Map(after.tests.map((test) => [test.id, test]))
  const fixed: string[] = []
  const broken: string[] = []
  const stillFailing: string[] = []
  const missing: string[] = []
  for (const test of before.tests) {
    const outcome = now.get(test.id)?.outcome
    if (test.outcome === 'failed') {
      if (outcome === 'passed' || (outcome === undefined && isContainerHealed(test.id, after)))
        fixed.push(test.id)
      else stillFailing.push(test.id)
    } else if (test.outcome === 'passed') {
      if (outcome === 'failed') broken.push(test.id)
      else if (outcome === undefined) missing.push(test.id)
    }
  }
  return { fixed, broken, stillFailing, missing }
}

function isContainerHealed(id: string, after: TestReport): boolean {
  const inside = after.tests.filter((test) => test.id.startsWith(`${id} > `))
  return inside.length > 0 && inside.every((test) => test.outcome !== 'failed')
}

/** What failed in every one of several runs of the same tests, and what only in some. */
export interface FailingSet {
  readonly failing: readonly TestCase[]
  readonly flaky: readonly TestCase[]
}

/** The tests that fail in the first report, told apart by whether they fail in all the others too. */
export function failingSet(first: TestReport, ...again: readonly TestReport[]): FailingSet {
  const passedOnce = new Set(
    again.flatMap(({ tests }) => tests.filter(({ outcome }) => outcome === 'passed').map(({ id }) => id)),
  )
  const failed = first.tests.filter(({ outcome }) => outcome === 'failed')
  return {
    failing: failed.filter(({ id }) => !passedOnce.has(id)),
    flaky: failed.filter(({ id }) => passedOnce.has(id)),
  }
}
