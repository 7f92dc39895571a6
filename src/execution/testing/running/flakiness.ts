import type { Sandbox } from '../../sandbox/index.ts'
import type { TestSuite } from '../suite.ts'
import type { RunSuiteOptions } from './run-suite.ts'
import { runSuite } from './run-suite.ts'

/** What a test did over several runs of the same tree. */
export interface Repetition {
  readonly id: string
  readonly passed: number
  readonly failed: number
  /** Runs in which it was not reported, for example because the run timed out before it. */
  readonly absent: number
  /** Whether it did different things. */
  readonly flaky: boolean
}

/**
 * Runs tests several times on the same tree. Only their files run where the runner can choose files.
 *
 * @param times how often; each run has the whole time-out
 */
export async function detectFlaky(
  sandbox: Sandbox,
  suite: TestSuite,
  testIds: readonly string[],
  times: number,
  options: Pick<RunSuiteOptions, 'timeoutMs' | 'signal'>,
): Promise<readonly Repetition[]> {
  const counts = new Map(testIds.map((id) => [id, { passed: 0, failed: 0, absent: 0 }]))
  for (let round = 0; round < times; round += 1) {
    const report = await runSuite(sandbox, suite, { ...options, select: { names: testIds } })
    const outcomes = new Map(report.tests.map(({ id, outcome }) => [id, outcome]))
    for (const [id, count] of counts) {
      const outcome = outcomes.get(id)
      if (outcome === 'passed') count.passed += 1
      else if (outcome === 'failed') count.failed += 1
      else count.absent += 1
    }
  }
  return [...counts].map(([id, count]) => ({
    id,
    ...count,
    flaky: [count.passed, count.failed, count.absent].filter((number) => number > 0).length > 1,
  }))
}
