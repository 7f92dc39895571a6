import { describe, expect, it } from 'vitest'

import { gatherVocabulary } from '../evidence/index.ts'
import type { CoverageSpectrum, RepairProblem, TestCoverage } from '../model.ts'
import { barinel, dstar, formulas, ochiai, tarantula } from './formulas.ts'
import { sourceFrames } from './frames.ts'
import { importDistances } from './imports.ts'
import { localise } from './localise.ts'

const source = {
  path: 'lib/calc.js',
  text: `const limits = { most: 10 }
function add(a, b) {
  return a + b
}
function subtract(a, b) {
  const result = a - b
  if (result < 0) {
    return null
  }
  return result
}
module.exports = { add, subtract, limits }
`,
}

function rangeOf(piece: string): { start: number; end: number } {
  const start = source.text.indexOf(piece)
  return { start, end: start + piece.length }
}

const addRange = rangeOf('function add(a, b) {\n  return a + b\n}')
const subtractRange = {
  start: source.text.indexOf('function subtract'),
  end: source.text.indexOf('module.exports'),
}
const negative = rangeOf('{\n    return null\n  }')

function covering(
  id: string,
  outcome: TestCoverage['outcome'],
  ...ranges: TestCoverage['covered'][string][]
): TestCoverage {
  return { id, outcome, file: 'test/calc.test.js', covered: { 'lib/calc.js': ranges.flat() } }
}

/** As V8 reports it: of `subtract` the branch is left out where it was not taken. */
const untaken = [
  { start: subtractRange.start, end: negative.start },
  { start: negative.end, end: subtractRange.end },
]

const spectrum: CoverageSpectrum = {
  tests: [
    covering('adds', 'passed', [addRange]),
    covering('adds more', 'passed', [addRange]),
    covering('subtracts', 'passed', untaken),
    covering('subtracts below zero', 'failed', [subtractRange]),
  ],
}

function problemOf(more: Partial<RepairProblem> = {}): RepairProblem {
  return {
    sources: [source, { path: 'lib/other.js', text: 'function other() { return 1 }' }],
    tests: [
      {
        path: 'test/calc.test.js',
        text: `const calc = require('../lib/calc')\nit('x', () => calc.subtract(1, 2))`,
      },
    ],
    reproduction: {
      failing: [
        {
          id: 'subtracts below zero',
          name: 'subtracts below zero',
          file: 'test/calc.test.js',
          outcome: 'failed',
        },
      ],
      passing: [],
      failingFiles: ['test/calc.test.js'],
      testFiles: ['test/calc.test.js'],
    },
    ...more,
  }
}

function localised(more: Partial<RepairProblem> = {}) {
  const problem = problemOf(more)
  return localise(problem, gatherVocabulary(problem))
}

describe('formulas', () => {
  it('know their textbook values', () => {
    const counts = { failedCovering: 1, passedCovering: 3, failed: 1, passed: 3 }
    expect(ochiai(counts)).toBeCloseTo(0.5)
    expect(tarantula(counts)).toBeCloseTo(0.5)
    expect(barinel(counts)).toBeCloseTo(0.25)
    expect(dstar(counts)).toBeCloseTo(0.25)
  })

  it.each(Object.entries(formulas))(
    '%s is 0 for what no failing test executes and 1 for what only they do',
    (_, formula) => {
      expect(formula({ failedCovering: 0, passedCovering: 2, failed: 2, passed: 2 })).toBe(0)
      expect(formula({ failedCovering: 2, passedCovering: 0, failed: 2, passed: 2 })).toBe(1)
    },
  )
})

describe('localise', () => {
  it('suspects most what only the failing test executes, and nothing that it does not', () => {
    const { suspects } = localised({ spectrum })
    expect(suspects[0]).toMatchObject({ file: 'lib/calc.js', line: 8, score: 1 })
    expect(suspects[0]?.reasons).toContain('executed by 1 of 1 failing and 0 of 3 passing tests')
    expect(suspects.filter(({ line }) => line === 3)).toEqual([])
    expect(suspects.every(({ file }) => file === 'lib/calc.js')).toBe(true)
  })

  it('suspects code that runs while the module loads, but little', () => {
    const { suspects } = localised({ spectrum })
    const table = suspects.find(({ line }) => line === 1)
    expect(table?.score).toBeGreaterThan(0)
    expect(table?.score).toBeLessThan(0.3)
  })

  it('believes stack frames', () => {
    const failing = [
      {
        id: 'subtracts below zero',
        name: 'subtracts below zero',
        outcome: 'failed' as const,
        stack:
          'TypeError: x\n    at subtract (/workspace/lib/calc.js:6:18)\n    at /workspace/test/calc.test.js:2:1',
      },
    ]
    const { suspects } = localised({ spectrum, reproduction: { ...problemOf().reproduction, failing } })
    expect(suspects[0]?.line).toBe(6)
    expect(suspects[0]?.reasons).toContain('the error was thrown here')
  })

  it('counts whole files where nothing finer is known', () => {
    const coarse: CoverageSpectrum = {
      tests: [{ id: 'test/calc.test.js', outcome: 'failed', covered: { 'lib/calc.js': [] } }],
    }
    const { suspects } = localised({ spectrum: coarse })
    expect(new Set(suspects.map(({ file }) => file))).toEqual(new Set(['lib/calc.js']))
    expect(suspects.map(({ line }) => line)).toEqual(expect.arrayContaining([3, 6, 8]))
  })

  it.each([undefined, { tests: [] }])('follows imports from the tests where there is no coverage', (none) => {
    const { suspects } = localised(none === undefined ? {} : { spectrum: none })
    expect(new Set(suspects.map(({ file }) => file))).toEqual(new Set(['lib/calc.js']))
  })

  it('follows the paths of programs that tests start, of which the spectrum knows nothing', () => {
    const tests = [{ path: 'test/calc.test.js', text: `spawn(node, [require.resolve('../lib/calc')])` }]
    const covered = { 'test/calc.test.js': [{ start: 0, end: 40 }] }
    const blind: CoverageSpectrum = { tests: [{ id: 'subtracts below zero', outcome: 'failed', covered }] }
    const { suspects } = localised({ spectrum: blind, tests })
    expect(new Set(suspects.map(({ file }) => file))).toEqual(new Set(['lib/calc.js']))
  })

  it('prefers what changed lately', () => {
    const recentChanges = [{ file: 'lib/calc.js', startLine: 3, endLine: 3, commitsAgo: 0 }]
    const [before] = localised().suspects.filter(({ line }) => line === 3)
    const [after] = localised({ recentChanges }).suspects.filter(({ line }) => line === 3)
    expect(after!.score).toBeGreaterThan(before!.score)
    expect(after!.reasons).toContain('changed by the latest commit')
  })
})

describe('sourceFrames', () => {
  it('finds sources by the end of a path and leaves dependencies out', () => {
    const stack = [
      'at a (file:///workspace/lib/calc.js:6:18)',
      'at b (/workspace/node_modules/x/lib/calc.js:1:1)',
      'at c (webpack://pkg/./lib/calc.js:2:3)',
    ].join('\n')
    const frames = sourceFrames([{ stack }], ['lib/calc.js'])
    expect(frames).toEqual([
      { file: 'lib/calc.js', line: 6, depth: 0 },
      { file: 'lib/calc.js', line: 2, depth: 1 },
    ])
  })
})

describe('importDistances', () => {
  it('walks require and import, with and without extensions and index files', () => {
    const sources = [
      { path: 'index.js', text: `module.exports = require('./lib')` },
      { path: 'lib/index.js', text: `import x from './deep/x.js'` },
      { path: 'lib/deep/x.ts', text: '' },
      { path: 'lib/unused.js', text: '' },
    ]
    const distances = importDistances([{ path: 'test/a.js', text: `const it = require('..')` }], sources)
    expect([...distances]).toEqual([
      ['index.js', 1],
      ['lib/index.js', 2],
      ['lib/deep/x.ts', 3],
    ])
  })
})
