import type { Finding } from '../../contracts/index.ts'
import { isScriptPath, isTestPath } from '../../execution/repository/index.ts'
import type { ChangedFile } from './changed-file.ts'
import { addedLines, excerpt } from './excerpt.ts'
import { without } from './multiset.ts'
import { comparePythonTests } from './python-tests.ts'
import type { Assertion } from './script-assertions.ts'
import { readScriptTests, type TestHazard, type TestModifier, type TestUnit } from './script-tests.ts'

/**
 * Looks for ways in which a change makes the tests say less: deleted, skipped and commented-out tests, removed and
 * weakened assertions, changed expectations, swallowed errors, early returns, `only`, rewritten snapshots. The verdict
 * does not depend on any of it, since it runs the base revision's tests; the findings are so that nobody approves it
 * unseen (invariant I8).
 */
export function reviewTests(files: readonly ChangedFile[]): readonly Finding[] {
  return files.filter(concernsTests).flatMap(reviewTestFile)
}

function concernsTests(file: ChangedFile): boolean {
  return file.kind === 'test' || /(?:^|[._/-])(?:tests?|specs?)[._/-]/i.test(file.oldPath)
}

function reviewTestFile(file: ChangedFile): readonly Finding[] {
  const { before, after, oldPath, path } = file
  if (isTestPath(oldPath) && !isTestPath(path)) {
    const message = `${oldPath} becomes ${path}, where no runner looks for tests`
    return [{ rule: 'tests/moved-away', severity: 'high', message, file: path }]
  }
  if (/\.snap$/.test(oldPath)) return [snapshotFinding(file)]
  if (before === null && after === null) return [supportFinding(file)]
  if (isScriptPath(oldPath)) return reviewScript(file)
  if (/\.py$/.test(oldPath)) return comparePythonTests(path, before ?? '', after)
  return [...skipMarkers(file), ...(before === null ? [] : [supportFinding(file)])]
}

function reviewScript(file: ChangedFile): readonly Finding[] {
  const { path, oldPath, before, after } = file
  const old = before === null ? [] : (readScriptTests(oldPath, before) ?? [])
  const current = after === null ? [] : readScriptTests(path, after)
  if (current === undefined) {
    return [
      {
        rule: 'tests/unreadable',
        severity: 'high',
        message: `${path} cannot be parsed any more`,
        file: path,
      },
    ]
  }
  if (old.length === 0 && before !== null)
    return [supportFinding(file), ...current.flatMap((test) => newTestFindings(path, test))]
  const pairs = pairTests(old, current)
  const findings = old.flatMap((test) => {
    const successor = pairs.get(test)
    return successor === undefined ? [deletedTest(file, test)] : compareTests(path, test, successor)
  })
  const known = new Set(pairs.values())
  const added = current.filter((test) => !known.has(test))
  return [...findings, ...added.flatMap((test) => newTestFindings(path, test)), ...newMocks(file)]
}

/** Tests of the same name; of the rest, those whose body is the same under another name. */
function pairTests(before: readonly TestUnit[], after: readonly TestUnit[]): ReadonlyMap<TestUnit, TestUnit> {
  const pairs = new Map<TestUnit, TestUnit>()
  const byId = new Map(after.map((test) => [test.id, test]))
  for (const test of before) {
    const same = byId.get(test.id)
    if (same === undefined) continue
    pairs.set(test, same)
    byId.delete(test.id)
  }
  const byBody = new Map([...byId.values()].map((test) => [test.body, test]))
  for (const test of before) {
    const moved = pairs.has(test) || test.body === '' ? undefined : byBody.get(test.body)
    if (moved === undefined) continue
    pairs.set(test, moved)
    byBody.delete(test.body)
  }
  return pairs
}

function deletedTest(file: ChangedFile, test: TestUnit): Finding {
  const title = test.id.split(' > ').at(-1) ?? test.id
  const commented = (file.after ?? '')
    .split('\n')
    .some((line) => /^\s*(?:\/\/|\/?\*)/.test(line) && line.includes(title))
  return {
    rule: commented ? 'tests/commented-out' : 'tests/deleted',
    severity: 'high',
    message: `the test "${test.id}" is ${commented ? 'commented out' : 'gone'}`,
    file: file.path,
    evidence: `line ${test.line} of the base revision, ${test.assertions.length} assertions`,
  }
}

const modifierWords: Readonly<Record<TestModifier, string>> = {
  skip: 'is skipped now',
  todo: 'is only a to-do now',
  failing: 'is expected to fail now',
  only: 'makes the runner leave out all others',
}

const hazardWords: Readonly<Record<TestHazard, string>> = {
  'swallowed-errors': 'catches the errors of its assertions now',
  'early-return': 'returns before its end now',
  'conditional-assertions': 'asserts only under a condition now',
}

function compareTests(path: string, before: TestUnit, after: TestUnit): readonly Finding[] {
  if (
    before.body === after.body &&
    before.modifiers.size === after.modifiers.size &&
    before.cases === after.cases
  )
    return []
  const at = { file: path, line: after.line }
  const modifiers = [...after.modifiers].filter((modifier) => !before.modifiers.has(modifier))
  const hazards = [...after.hazards].filter((hazard) => !before.hazards.has(hazard))
  const findings: Finding[] = [
    ...modifiers.map((modifier): Finding => ({
      rule: modifier === 'only' ? 'tests/only' : 'tests/skipped',
      severity: 'high',
      message: `the test "${after.id}" ${modifierWords[modifier]}`,
      ...at,
    })),
    ...hazards.map((hazard): Finding => ({
      rule: `tests/${hazard}`,
      severity: hazard === 'conditional-assertions' ? 'medium' : 'high',
      message: `the test "${after.id}" ${hazardWords[hazard]}`,
      ...at,
    })),
    ...compareAssertions(path, before, after),
  ]
  if (before.cases !== undefined && (after.cases ?? 0) < before.cases) {
    findings.push({
      rule: 'tests/cases-removed',
      severity: 'high',
      message: `the table of "${after.id}" has ${after.cases ?? 'no countable'} rows instead of ${before.cases}`,
      ...at,
    })
  }
  if (findings.length > 0) return findings
  return [
    {
      rule: 'tests/changed',
      severity: 'low',
      message: `the test "${after.id}" is changed; its assertions are not`,
      ...at,
    },
  ]
}

function compareAssertions(path: string, before: TestUnit, after: TestUnit): readonly Finding[] {
  const removed = without(before.assertions, after.assertions, textOf)
  const added = without(after.assertions, before.assertions, textOf)
  const findings: Finding[] = []
  for (const old of removed) {
    const index = successorIndex(old, added)
    const [successor] = index < 0 ? [undefined] : added.splice(index, 1)
    findings.push(assertionFinding(path, after, old, successor))
  }
  return findings
}

/** The assertion that took the place of another: best one on the same subject, else one with the same expectation. */
function successorIndex(old: Assertion, added: readonly Assertion[]): number {
  const sameMatcher = added.findIndex((next) => next.subject === old.subject && next.matcher === old.matcher)
  if (sameMatcher >= 0) return sameMatcher
  const sameSubject = added.findIndex((next) => next.subject === old.subject)
  if (sameSubject >= 0) return sameSubject
  return added.findIndex(
    (next) => next.matcher === old.matcher && next.expected === old.expected && old.expected !== '',
  )
}

function assertionFinding(
  path: string,
  test: TestUnit,
  old: Assertion,
  successor: Assertion | undefined,
): Finding {
  const evidence = excerpt(`- ${textOf(old)}${successor === undefined ? '' : `\n+ ${textOf(successor)}`}`)
  const at = { file: path, line: successor?.line ?? test.line, evidence }
  const named = `in the test "${test.id}"`
  if (successor === undefined) {
    return {
      rule: 'tests/assertion-removed',
      severity: 'high',
      message: `an assertion ${named} is gone`,
      ...at,
    }
  }
  if (successor.strength < old.strength || isLooser(old, successor)) {
    return {
      rule: 'tests/assertion-weakened',
      severity: 'high',
      message: `an assertion ${named} says less than before`,
      ...at,
    }
  }
  if (successor.subject === old.subject && successor.expected !== old.expected) {
    return {
      rule: 'tests/expectation-changed',
      severity: 'medium',
      message: `an expectation ${named} is another one now`,
      ...at,
    }
  }
  return {
    rule: 'tests/assertion-changed',
    severity: 'low',
    message: `an assertion ${named} is written differently`,
    ...at,
  }
}

/** The same matcher with less to hold against: fewer arguments, or fewer digits of `toBeCloseTo`. */
function isLooser(old: Assertion, next: Assertion): boolean {
  if (next.matcher !== old.matcher) return false
  if (old.expected !== '' && next.expected === '') return true
  if (!/toBeCloseTo|closeTo|approximately/.test(old.matcher)) return false
  const [, oldDigits = '2'] = /,\s*([\d.]+)\s*$/.exec(old.expected) ?? []
  const [, newDigits = '2'] = /,\s*([\d.]+)\s*$/.exec(next.expected) ?? []
  // toBeCloseTo counts digits, where fewer are looser; chai takes a distance, where more is looser.
  return old.matcher.endsWith('toBeCloseTo')
    ? Number(newDigits) < Number(oldDigits)
    : Number(newDigits) > Number(oldDigits)
}

function textOf({ subject, matcher, expected }: Assertion): string {
  return `${subject} ${matcher}(${expected})`
}

function newTestFindings(path: string, test: TestUnit): readonly Finding[] {
  const at = { file: path, line: test.line }
  const findings: Finding[] = []
  if (test.modifiers.has('only')) {
    findings.push({
      rule: 'tests/only',
      severity: 'high',
      message: `the new test "${test.id}" ${modifierWords.only}`,
      ...at,
    })
  }
  if (test.modifiers.has('skip') || test.modifiers.has('todo')) {
    findings.push({
      rule: 'tests/new-skipped',
      severity: 'low',
      message: `the new test "${test.id}" is not run`,
      ...at,
    })
  } else if (test.assertions.length === 0) {
    findings.push({
      rule: 'tests/new-without-assertions',
      severity: 'low',
      message: `the new test "${test.id}" asserts nothing that is understood`,
      ...at,
    })
  }
  return findings
}

const mockCall =
  /\b(?:vi|jest|td|mock)\.(?:mock|doMock|replace|module)\(\s*['"]([^'"]{1,200})['"]|\bproxyquire\(/

/** A test that starts to replace modules may no longer run the code that it is about. */
function newMocks(file: ChangedFile): readonly Finding[] {
  if (file.before === null) return []
  return markedLines(file, mockCall, {
    rule: 'tests/new-mock',
    severity: 'medium',
    message: 'a module is replaced in the tests',
  })
}

const skipMarker =
  /\bt\.Skip(?:f|Now)?\(|#\[ignore\b|@(?:Ignore|Disabled)\b|\b(?:skip|pending|xit|xdescribe)\b/
const otherLanguages = /\.(?:go|rs|java|kt|rb|exs?|php|cs|swift|scala|groovy)$/

function skipMarkers(file: ChangedFile): readonly Finding[] {
  if (!otherLanguages.test(file.path)) return []
  return markedLines(file, skipMarker, {
    rule: 'tests/skipped',
    severity: 'high',
    message: 'a line that skips tests is added',
  })
}

function markedLines(
  file: ChangedFile,
  mark: RegExp,
  finding: Pick<Finding, 'rule' | 'severity' | 'message'>,
): readonly Finding[] {
  return addedLines(file).flatMap(({ number, text }) =>
    mark.test(text) ? [{ ...finding, file: file.path, line: number, evidence: excerpt(text.trim()) }] : [],
  )
}

function snapshotFinding(file: ChangedFile): Finding {
  const isGone = file.status === 'deleted'
  return {
    rule: isGone ? 'tests/snapshot-deleted' : 'tests/snapshot-changed',
    severity: isGone ? 'high' : file.status === 'added' ? 'low' : 'medium',
    message: `the snapshots in ${file.path} are ${file.status}`,
    file: file.path,
  }
}

function supportFinding(file: ChangedFile): Finding {
  return {
    rule: file.status === 'deleted' ? 'tests/support-deleted' : 'tests/support-changed',
    severity: file.status === 'deleted' ? 'high' : file.status === 'added' ? 'info' : 'medium',
    message: `${file.path} belongs to the tests and is ${file.status}`,
    file: file.path,
  }
}
