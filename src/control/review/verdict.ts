import type { Finding, TestCase, TestReport, Verdict } from '../../contracts/index.ts'
import { plural } from '../../kernel/index.ts'
import { sortFindings } from './sort-findings.ts'

export interface VerdictInput {
  /** Runs of the base revision's suite on the base tree; several of them tell flaky tests from broken ones. */
  readonly baseRuns: readonly TestReport[]
  /** Runs of the base revision's tests on the candidate's tree; a test counts as passing if any of them passes. */
  readonly candidateRuns: readonly [TestReport, ...TestReport[]]
  /**
   * What the work is about: these must pass now. They may come from the issue rather than from the base suite. Null for
   * work that is to change no behaviour, for which tests that pass before have to be there.
   */
  readonly reproduction: readonly TestCase[] | null
  /** The reproduction on the candidate's tree, when it is not part of the base suite. */
  readonly reproductionRun?: TestReport
  /** The tests that the change adds or alters, run on the candidate's tree apart from the rest. */
  readonly changedTests?: TestReport
  readonly findings: readonly Finding[]
}

type Outcome = TestCase['outcome']

/**
 * Judges a change by what was run (invariant I8). It is accepted only if the base revision's tests ran to an end on
 * the new tree, nothing that passed before fails or is gone, all of the reproduction passes, the change's own tests
 * pass, and no finding is critical. Everything else is for people to weigh and travels along in the findings.
 */
export function judgeChange(input: VerdictInput): Verdict {
  const before = outcomesOver(input.baseRuns)
  const after = outcomesOver(input.candidateRuns)
  const reproduced = outcomesOver(input.reproductionRun === undefined ? [] : [input.reproductionRun])
  const wanted = new Set(input.reproduction?.map((test) => test.id))
  const judged = [...before].map(([id, outcomes]) => ({
    id,
    steady: outcomes.size === 1 ? [...outcomes][0] : undefined,
    now: after.get(id) ?? new Set<Outcome>(),
  }))

  const broken = judged
    .filter(({ steady, now }) => steady === 'passed' && !now.has('passed'))
    .map(({ id }) => id)
  const fixedByBase = judged
    .filter(({ steady, now }) => steady === 'failed' && now.has('passed'))
    .map(({ id }) => id)
  const stillFailing = judged
    .filter(({ id, steady, now }) => steady === 'failed' && !now.has('passed') && !wanted.has(id))
    .map(({ id }) => id)
  const unfixed = [...wanted].filter((id) => !(reproduced.get(id) ?? after.get(id))?.has('passed'))
  const fixed = [...new Set([...fixedByBase, ...[...wanted].filter((id) => !unfixed.includes(id))])]

  const reasons = [
    ...refusals(input, before, unfixed),
    ...(broken.length > 0
      ? [
          `${plural(broken.length, 'test')} that passed before ${broken.length === 1 ? 'does' : 'do'} not pass now`,
        ]
      : []),
  ]
  const accepted = reasons.length === 0
  const [first] = input.candidateRuns
  return {
    outcome: accepted ? 'accepted' : 'rejected',
    reasons: accepted ? acceptance(fixed, first, stillFailing) : reasons,
    baseTests: first,
    fixed,
    broken,
    stillFailing,
    ...(input.changedTests === undefined ? {} : { changedTests: input.changedTests }),
    findings: sortFindings([...input.findings, ...flakyFindings(before)]),
  }
}

function refusals(
  input: VerdictInput,
  before: ReadonlyMap<string, ReadonlySet<Outcome>>,
  unfixed: readonly string[],
): readonly string[] {
  const [first] = input.candidateRuns
  const { changedTests, reproductionRun } = input
  const critical = input.findings.filter((finding) => finding.severity === 'critical')
  const ended = (report: TestReport): boolean => report.outcome === 'passed' || report.outcome === 'failed'
  // A suite of which only the exit status is known has no cases to compare.
  const isOpaque = first.tests.length === 0 && before.size === 0
  return [
    ...(ended(first)
      ? []
      : [`the base revision's tests did not run to an end on the new tree: ${first.outcome}`]),
    ...(isOpaque && first.outcome === 'failed' ? ['the test command fails on the new tree'] : []),
    ...(input.reproduction?.length === 0
      ? ['nothing shows that the change does what was asked: there is no reproduction']
      : []),
    ...(input.reproduction === null && ![...before.values()].some((outcomes) => outcomes.has('passed'))
      ? ['nothing shows that the change breaks nothing: no test passes on the base revision']
      : []),
    ...(unfixed.length > 0
      ? [
          `${plural(unfixed.length, 'test')} of the reproduction still ${unfixed.length === 1 ? 'fails' : 'fail'}`,
        ]
      : []),
    ...(reproductionRun === undefined || ended(reproductionRun)
      ? []
      : [`the reproduction did not run to an end: ${reproductionRun.outcome}`]),
    ...(changedTests === undefined || changedTests.outcome === 'passed'
      ? []
      : [`the tests that the change brings along: ${changedTests.outcome}`]),
    ...critical.map((finding) => `${finding.rule}: ${finding.message}`),
  ]
}

function acceptance(fixed: readonly string[], report: TestReport, stillFailing: readonly string[]): string[] {
  const passed = report.tests.filter((test) => test.outcome === 'passed').length
  return [
    ...(fixed.length > 0
      ? [`${plural(fixed.length, 'test')} that failed before ${fixed.length === 1 ? 'passes' : 'pass'} now`]
      : []),
    `${passed} of the base revision's tests pass on the new tree and none is broken`,
    ...(stillFailing.length > 0
      ? [
          `${plural(stillFailing.length, 'test')} failed before and still ${stillFailing.length === 1 ? 'fails' : 'fail'}`,
        ]
      : []),
  ]
}

/** All outcomes that a test had over several runs. A run that lacks the test adds nothing. */
function outcomesOver(reports: readonly TestReport[]): ReadonlyMap<string, ReadonlySet<Outcome>> {
  const outcomes = new Map<string, Set<Outcome>>()
  for (const { tests } of reports) {
    // Within one run a name that occurs twice passes only if each of them does.
    const worst = new Map<string, Outcome>()
    for (const { id, outcome } of tests) {
      const known = worst.get(id)
      if (known === undefined || outcome === 'failed') worst.set(id, outcome)
      else if (known === 'passed') worst.set(id, outcome)
    }
    for (const [id, outcome] of worst) {
      const known = outcomes.get(id)
      if (known === undefined) outcomes.set(id, new Set([outcome]))
      else known.add(outcome)
    }
  }
  return outcomes
}

function flakyFindings(before: ReadonlyMap<string, ReadonlySet<Outcome>>): readonly Finding[] {
  return [...before].flatMap(([id, outcomes]) =>
    outcomes.has('passed') && outcomes.has('failed')
      ? [
          {
            rule: 'tests/flaky',
            severity: 'low' as const,
            message: `${id} passes and fails on the unchanged base revision, so it says nothing about the change`,
          },
        ]
      : [],
  )
}
