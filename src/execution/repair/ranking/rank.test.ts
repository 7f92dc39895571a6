import { describe, expect, it } from 'vitest'

import { gatherVocabulary } from '../evidence/index.ts'
import type { Candidate, CandidateOutcome, RepairProblem } from '../model.ts'
import { createRanker } from './rank.ts'

const text = `function merge(target, source) { if (typeof target === 'object') { return target[source] } return [target] }`

const problem: RepairProblem = {
  sources: [{ path: 'lib/merge.js', text }],
  tests: [{ path: 'test/merge.js', text: `it('takes null', () => { merge(null, 'special') })` }],
  reproduction: {
    failing: [
      {
        id: 'takes null',
        name: 'takes null',
        file: 'test/merge.js',
        outcome: 'failed',
        message: `TypeError: Cannot read properties of null (reading 'special')`,
      },
    ],
    passing: [],
    failingFiles: ['test/merge.js'],
    testFiles: ['test/merge.js'],
  },
}

let id = 0
function plausible(template: string, before: string, replacement: string, prior = 0.1): CandidateOutcome {
  const start = text.indexOf(before)
  id += 1
  const candidate: Candidate = {
    id,
    template,
    prior,
    line: 1,
    description: replacement,
    edits: [{ file: 'lib/merge.js', start, end: start + before.length, replacement }],
  }
  return { candidate, outcome: 'plausible', fixed: ['takes null'], broken: [] }
}

const test = `typeof target === 'object'`
const guard = plausible('condition/strengthen', test, `target && ${test}`)
const overfitted = plausible('condition/strengthen', test, `source !== 'special' && ${test}`)
const deletion = plausible('condition/drop-conjunct', test, 'false')

describe('createRanker', () => {
  const ranker = createRanker(problem, gatherVocabulary(problem))

  it('prefers a general guard to a value of the tests and to taking code away', () => {
    const ranked = ranker.rank([overfitted, deletion, guard])
    expect(ranked[0]?.candidate).toBe(guard.candidate)
    expect(ranked.at(-1)?.candidate).toBe(overfitted.candidate)
    expect(ranked.at(-1)?.reasons).toContain('it compares with a value that stands in the tests')
    expect(ranked[0]?.reasons).toContain('it tests for what the crash says is missing')
  })

  it('is less sure the more candidates are plausible', () => {
    const alone = ranker.rank([guard])[0]
    const crowded = ranker.rank([
      guard,
      ...Array.from({ length: 30 }, () => plausible('operator/replace', test, `${test} `)),
    ])[0]
    expect(alone?.reasons).toContain('no other edit that was tried makes the tests pass')
    expect(crowded!.confidence).toBeLessThan(alone!.confidence)
  })

  it('keeps its confidence between 0 and 1 and in the order of the ranks', () => {
    const confidences = ranker.rank([overfitted, deletion, guard]).map(({ confidence }) => confidence)
    for (const confidence of confidences) expect(confidence).toBeGreaterThan(0)
    for (const confidence of confidences) expect(confidence).toBeLessThan(1)
    expect(confidences).toEqual([...confidences].sort((left, right) => right - left))
  })

  it('believes what keeps to itself, and those who agree', () => {
    const seen = (letters: string) => Array.from(letters, (digest) => ({ digest, crashed: false }))
    const rival = plausible('guard/return-early', test, `source && ${test}`)
    const near = Array.from('nnff', (side) => side === 'n')
    const observed = (guards: string, rivals: string) => ({
      near,
      unchanged: seen('xxcc'),
      candidates: new Map([
        [guard.candidate.id, seen(guards)],
        [rival.candidate.id, seen(rivals)],
      ]),
    })
    const [agreed] = ranker.rank([guard, rival], observed('aacc', 'aacc'))
    const [disputed] = ranker.rank([guard, rival], observed('aacc', 'abcc'))
    const [spoiling, modest] = [ranker.rank([guard, rival], observed('aade', 'aacc')), rival.candidate]
    expect(agreed!.confidence).toBeGreaterThan(disputed!.confidence)
    expect(spoiling[0]?.candidate).toBe(modest)
    expect(spoiling[1]?.reasons).toContain('it changes what passing tests do on other inputs')
    const [blind] = ranker.rank([guard, rival], null)
    expect(blind!.confidence).toBeLessThan(agreed!.confidence)
    expect(blind!.reasons).toContain('what it does on other inputs could not be watched')
  })

  it('has nothing to say about nothing', () => {
    expect(ranker.rank([])).toEqual([])
  })
})
