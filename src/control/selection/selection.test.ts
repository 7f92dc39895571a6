import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Finding, TestReport, Verdict } from '../../contracts/index.ts'
import type { ChangedFile } from '../review/index.ts'
import { type AssessedCandidate, measureChange, rankCandidates } from './index.ts'

const report: TestReport = {
  framework: 'node:test',
  command: 'node --test',
  exitCode: 0,
  outcome: 'passed',
  durationMs: 1,
  tests: [],
  outputTail: '',
}

function verdict(outcome: Verdict['outcome'], fixed = 1, findings: Finding[] = []): Verdict {
  return {
    outcome,
    reasons: [outcome],
    baseTests: report,
    fixed: Array.from({ length: fixed }, (_, index) => `test ${index}`),
    broken: [],
    stillFailing: [],
    findings,
  }
}

const finding = fc.record({
  rule: fc.constantFrom('tests/removed', 'secret'),
  severity: fc.constantFrom('info' as const, 'low' as const, 'medium' as const, 'high' as const),
  message: fc.constantFrom('a', 'b', 'c'),
})
const candidate = fc.record({
  verdict: fc.record({
    outcome: fc.constantFrom('accepted' as const, 'rejected' as const),
    fixed: fc.nat(2),
    findings: fc.array(finding, { maxLength: 2 }),
  }),
  findings: fc.array(finding, { maxLength: 2 }),
  size: fc.record({ tokens: fc.nat(3), files: fc.nat(2), lines: fc.nat(2) }),
  opinion: fc.double({ min: 0, max: 1, noNaN: true }),
})
const candidates = fc.array(candidate, { maxLength: 7 }).map((list) =>
  list.map(({ verdict: { outcome, fixed, findings }, ...rest }, index): AssessedCandidate => ({
    ...rest,
    id: `candidate-${index}`,
    verdict: verdict(outcome, fixed, findings),
  })),
)

describe('ranking candidates', () => {
  test('does not depend on their order', () => {
    fc.assert(
      fc.property(
        candidates.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          const ids = (all: readonly AssessedCandidate[]) => rankCandidates(all).ranked.map(({ id }) => id)
          expect(ids(shuffled)).toEqual(ids(list))
        },
      ),
    )
  })

  test('chooses none that the verdict rejects, and one if it accepts any', () => {
    fc.assert(
      fc.property(candidates, (list) => {
        const { chosen } = rankCandidates(list)
        expect(chosen?.verdict.outcome).toBe(
          list.some((one) => one.verdict.outcome === 'accepted') ? 'accepted' : undefined,
        )
      }),
    )
  })

  test('what models think changes nothing unless all else is equal', () => {
    fc.assert(
      fc.property(
        candidates,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 }),
        (list, opinions) => {
          const other = list.map((one, index) => ({ ...one, opinion: opinions[index]! }))
          const [before, after] = [rankCandidates(list), rankCandidates(other)]
          if (before.chosen?.id === after.chosen?.id) return
          const facts = ({ size, verdict: { fixed, outcome } }: AssessedCandidate) => ({
            size,
            fixed,
            outcome,
          })
          expect(facts(after.chosen!)).toEqual(facts(before.chosen!))
        },
      ),
    )
  })

  test('a candidate more leaves the choice as it was, or is chosen itself', () => {
    fc.assert(
      fc.property(candidates, (list) => {
        fc.pre(list.length > 1)
        const [added, ...rest] = list
        const [before, after] = [rankCandidates(rest).chosen?.id, rankCandidates(list).chosen?.id]
        expect([before, added?.id]).toContain(after)
      }),
    )
  })

  const small = { tokens: 2, files: 1, lines: 2 }
  const large = { tokens: 40, files: 3, lines: 50 }
  const high: Finding = { rule: 'tests/removed', severity: 'high', message: 'a test is gone' }
  test.each<[string, Partial<AssessedCandidate>, Partial<AssessedCandidate>, string]>([
    [
      'tests before size',
      { verdict: verdict('accepted'), size: large },
      { verdict: verdict('rejected') },
      'the only one',
    ],
    ['findings before size', { size: large }, { findings: [high] }, 'evidence'],
    ['tests fixed before size', { verdict: verdict('accepted', 2), size: large }, {}, 'evidence'],
    ['size before opinion', { opinion: 0 }, { size: large, opinion: 1 }, 'minimality'],
    ['opinion last', { opinion: 0.9 }, { opinion: 0.1 }, 'opinion'],
    ['the name where nothing else tells', {}, {}, 'order'],
  ])('%s', (_what, better, worse, ground) => {
    const fill = (id: string, part: Partial<AssessedCandidate>): AssessedCandidate => ({
      id,
      verdict: verdict('accepted'),
      findings: [],
      size: small,
      ...part,
    })
    const ranking = rankCandidates([fill('b', worse), fill('a', better)])
    expect(ranking).toMatchObject({ chosen: { id: 'a' }, ground })
    expect(ranking.explanation).toContain('a is')
  })

  test('says why none is chosen', () => {
    expect(rankCandidates([]).explanation).toBe('There is no candidate.')
    const none = rankCandidates([{ id: 'a', verdict: verdict('rejected'), findings: [], size: small }])
    expect(none).toMatchObject({ chosen: null, explanation: 'None of 1 candidate is accepted. a: rejected.' })
  })
})

describe('the size of a change', () => {
  const file = (path: string, before: string | null, after: string | null): ChangedFile => ({
    path,
    oldPath: path,
    status: 'modified',
    kind: path.includes('test') ? 'test' : 'source',
    before,
    after,
    addedLines: [],
    modeChange: null,
  })

  test.each([
    ['layout and comments', 'a.js', 'const a=1', '// why\nconst a = 1 /* one */\n', 0],
    ['an operator', 'a.ts', 'x < 1', 'x <= 1', 2],
    ['a comment in Python', 'a.py', 'x = 1\n', 'x = 1  # one\n', 0],
    ['a word of another language', 'a.zig', 'var x = 1;', 'const x = 1;', 2],
    ['a new file', 'b.js', null, 'a()', 3],
  ])('counts of %s', async (_what, path, before, after, tokens) => {
    expect((await measureChange([file(path, before, after)])).tokens).toBe(tokens)
  })

  test('leaves tests out', async () => {
    expect(await measureChange([file('test/a.test.js', '', 'test(1)')])).toEqual({
      tokens: 0,
      files: 0,
      lines: 0,
    })
  })

  test('is found in bounded time', async () => {
    const text = (seed: number) =>
      Array.from({ length: 30_000 }, (_, index) => `v${(index * seed) % 9_973}`).join(' ')
    const { tokens } = await measureChange([file('a.zig', text(7), text(11))])
    expect(tokens).toBe(60_000)
  })
})
