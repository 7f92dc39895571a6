import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Candidate, CandidateOutcome, TextEdit } from '../model.ts'
import type { Validation } from './index.ts'
import { type OpenedBug, type ProjectFiles, ScratchBugs } from './scratch-bugs.ts'

/** The same that the frameworks are tested with: they are installed once for all, and kept. */
const runners = { ava: '6.4.1', jasmine: '5.12.0', jest: '29.7.0', mocha: '11.7.5', tape: '5.9.0' }

let projects: ScratchBugs
let layers: readonly string[]
let tapLayers: readonly string[]
let oldLayers: readonly string[]

beforeAll(async () => {
  projects = await ScratchBugs.open()
  ;[layers, tapLayers, oldLayers] = await Promise.all([
    projects.install(runners),
    projects.install({ tap: '16.3.10' }),
    projects.install({ jasmine: '3.5.0' }),
  ])
}, 600_000)

afterAll(async () => {
  await projects[Symbol.asyncDispose]()
})

/** `between` is wrong at its upper border; `total` is right. */
const source = `'use strict'
exports.between = function between(value, low, high) {
  if (value >= low && value < high) return true
  return false
}
exports.total = function total(values) {
  let sum = 0
  for (const value of values) {
    sum += value
  }
  return sum
}
`
const sourcePath = 'lib/numbers.js'

let nextId = 1
function replace(what: string, by: string, place = source): Candidate {
  const start = place.indexOf(what)
  expect(start).toBeGreaterThan(-1)
  return candidate([{ file: sourcePath, start, end: start + what.length, replacement: by }])
}
function candidate(edits: readonly TextEdit[]): Candidate {
  return { id: nextId++, edits, template: 'test', prior: 1, line: 1, description: 'an edit' }
}

const never = new AbortController().signal
const repair = (): Candidate => replace('value < high', 'value <= high')

async function tryAll(
  validation: Validation,
  candidates: readonly Candidate[],
  timeMs = 60_000,
): Promise<readonly CandidateOutcome[]> {
  const outcomes: CandidateOutcome[] = []
  for await (const outcome of validation.validate(candidates, { timeMs, plausible: 100 }, never)) {
    outcomes.push(outcome)
  }
  return outcomes.sort((a, b) => candidates.indexOf(a.candidate) - candidates.indexOf(b.candidate))
}

const manifest = (test: string, more: object = {}): ProjectFiles => ({
  'package.json': JSON.stringify({ name: 'project', scripts: { test }, ...more }),
  [sourcePath]: source,
})

const head = "const { between, total } = require('../lib/numbers')\n"
const assertion = "const { equal } = require('node:assert')\n"
const specs = `
describe('between', () => {
  it('holds inside', () => { equal(between(2, 1, 3), true) })
  it('does not hold outside', () => { equal(between(4, 1, 3), false) })
  describe('at the border', () => {
    it('holds', () => { equal(between(3, 1, 3), true) })
  })
})
describe('total', () => {
  it('adds', () => { equal(total([1, 2, 3]), 6) })
})
`
const expecting = 'const equal = (a, b) => expect(a).toBe(b)\n'
const taps = (wrap: (body: string) => string): string => `
test('between', (t) => {
  t.test('holds inside', (s) => { ${wrap('s.equal(between(2, 1, 3), true)')} })
  t.test('does not hold outside', (s) => { ${wrap('s.equal(between(4, 1, 3), false)')} })
  t.test('holds at the border', (s) => { ${wrap('s.equal(between(3, 1, 3), true)')} })
  t.end()
})
test('total', (t) => { t.equal(total([1, 2, 3]), 6); t.end() })
`
const sameLine = (body: string): string => `${body}; s.end()`

const inJasmine = {
  ...manifest('jasmine --config=jasmine.json'),
  'jasmine.json': JSON.stringify({ spec_dir: 'spec', spec_files: ['**/*.js'] }),
  'spec/numbers.js': head + expecting + specs,
}

const frameworks: readonly {
  readonly name: string
  readonly files: ProjectFiles
  readonly below: () => readonly string[]
}[] = [
  {
    name: 'mocha',
    files: { ...manifest('mocha'), 'test/numbers.js': head + assertion + specs },
    below: () => layers,
  },
  {
    name: 'jest',
    files: { ...manifest('jest'), 'test/numbers.test.js': head + expecting + specs },
    below: () => layers,
  },
  { name: 'jasmine', files: inJasmine, below: () => layers },
  { name: 'an old jasmine', files: inJasmine, below: () => oldLayers },
  {
    name: 'tape',
    files: {
      ...manifest("tape 'test/**/*.js'"),
      'test/numbers.js': `const test = require('tape')\n${head}${taps(sameLine)}`,
    },
    below: () => layers,
  },
  {
    name: 'tap',
    files: {
      ...manifest('tap --no-coverage'),
      'test/numbers.js': `const { test } = require('tap')\n${head}${taps(sameLine)}`,
    },
    below: () => tapLayers,
  },
  {
    name: 'node:test',
    files: {
      ...manifest('node --test'),
      'test/numbers.test.js': `const { describe, it } = require('node:test')\n${head}${assertion}${specs}`,
    },
    below: () => [],
  },
]

describe.each(frameworks)('with $name', ({ files, below }) => {
  let opened: OpenedBug
  beforeAll(async () => {
    opened = await projects.bug(files, below())
  }, 120_000)
  afterAll(() => opened.validation.close())

  it('workers see what the runner sees, and tell a repair from the rest', async () => {
    const { reproduction, validation } = opened
    expect(reproduction.failing).toHaveLength(1)
    expect(validation.mode).toMatchObject({ kind: 'in-process', failing: 1 })
    const right = repair()
    const wrong = replace('value >= low', 'value > low')
    const breaking = replace('value >= low && value < high', 'true')
    const outcomes = await tryAll(validation, [wrong, breaking, right, replace('return false', 'return (')])
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'plausible', 'invalid'])
    expect(outcomes[1]?.broken).toHaveLength(1)
    expect(outcomes[2]?.fixed).toEqual(reproduction.failing.map(({ id }) => id))
    const { tests } = await validation.collectSpectrum(10_000, never)
    const failed = tests.find(({ outcome }) => outcome === 'failed')
    expect(failed?.id).toBe(reproduction.failing[0]?.id)
    const covered = (failed?.covered[sourcePath] ?? [])
      .map(({ start, end }) => source.slice(start, end))
      .join('')
    expect(covered).toContain('return false')
    expect(covered).not.toContain('return true')
    expect(covered).not.toContain('sum += value')
  })

  it('tells programs apart that pass the same tests', async () => {
    const { validation } = opened
    await validation.collectSpectrum(10_000, never)
    const right = repair()
    const same = replace('value < high', 'high >= value')
    const overfitted = replace('value < high', '(value < high || value === 3)')
    const loose = replace('value < high', 'value < high + 2')
    const crashing = replace('value < high', '(value <= high || value.no.such === thing)')
    const candidates = [right, same, overfitted, loose, crashing]
    const observation = await validation.observe?.(candidates, 10_000, never)
    const digests = ({ id }: Candidate) => observation?.candidates.get(id)?.map(({ digest }) => digest)
    expect(observation?.near).toContain(true)
    expect(observation?.near).toContain(false)
    expect(digests(same)).toEqual(digests(right))
    for (const other of [overfitted, loose, crashing]) expect(digests(other)).not.toEqual(digests(right))
    expect(observation?.unchanged.map(({ digest }) => digest)).not.toEqual(digests(right))
    expect(observation?.candidates.get(crashing.id)?.some(({ crashed }) => crashed)).toBe(true)
    expect(observation?.candidates.get(right.id)?.some(({ crashed }) => crashed)).toBe(false)
  })
})

describe('whatever a candidate does', () => {
  const files = { ...manifest('mocha'), 'test/numbers.js': head + assertion + specs }

  it('it costs one outcome and not the queue', async () => {
    const { validation } = await projects.bug(files, layers)
    try {
      const body = 'if (value >= low && value < high) return true'
      const first = (statement: string): Candidate => replace(body, `${statement}\n  ${body}`)
      const candidates = [
        first('while (true) {}'),
        first('for (;;) try { for (;;) {} } catch (error) {}'),
        first('return between(value, low, high)'),
        first('process.exit(0)'),
        first('process.abort()'),
        first("Promise.reject(new Error('nobody waits'))"),
        first("setInterval(() => { throw new Error('later') }, 1)"),
        first('Object.prototype.polluted = 1; Array.prototype.push = null; globalThis.setTimeout = null'),
        first('process.stdout.write(\'\\n{"kind":"tried","outcome":"plausible"}\\n\')'),
        first("require('node:fs').writeSync(1, 'noise without an end')"),
        first("/^(a|a?)+$/.test('a'.repeat(40) + 'b')"),
        first('const all = []; for (;;) all.push(new Array(1e6).fill(value))'),
        repair(),
      ]
      const outcomes = await tryAll(validation, candidates, 120_000)
      expect(outcomes).toHaveLength(candidates.length)
      const kinds = outcomes.map(({ outcome }) => outcome)
      expect(kinds.slice(0, 2)).toEqual(['exhausted', 'exhausted'])
      expect(kinds.slice(0, -1)).not.toContain('plausible')
      expect(kinds.at(-1)).toBe('plausible')
    } finally {
      await validation.close()
    }
  })

  it('several edits, whole statements and declarations are tried as the text says', async () => {
    const { validation } = await projects.bug(files, layers)
    try {
      const at = (what: string): number => source.indexOf(what)
      const two = candidate([
        {
          file: sourcePath,
          start: at('value < high'),
          end: at('value < high') + 12,
          replacement: 'value < limit',
        },
        {
          file: sourcePath,
          start: at('if (value'),
          end: at('if (value'),
          replacement: 'const limit = high + 1\n  ',
        },
      ])
      const inserted = candidate([
        {
          file: sourcePath,
          start: at('if (value'),
          end: at('if (value'),
          replacement: 'if (value === high) return true\n  ',
        },
      ])
      const outcomes = await tryAll(validation, [
        two,
        inserted,
        replace('return false', 'return value === high'),
      ])
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['plausible', 'plausible', 'plausible'])
    } finally {
      await validation.close()
    }
  })

  it('ends early when enough is plausible or somebody gives up, and can go on', async () => {
    const { validation } = await projects.bug(files, layers, 2)
    try {
      const many = Array.from({ length: 400 }, () => repair())
      const seen: CandidateOutcome[] = []
      for await (const outcome of validation.validate(many, { timeMs: 60_000, plausible: 3 }, never))
        seen.push(outcome)
      expect(seen.filter(({ outcome }) => outcome === 'plausible')).toHaveLength(3)
      const given = new AbortController()
      const endless = Array.from({ length: 400 }, () => replace('value < high', 'value < high && true'))
      let tried = 0
      for await (const { outcome } of validation.validate(
        endless,
        { timeMs: 60_000, plausible: 1 },
        given.signal,
      )) {
        expect(outcome).toBe('failed')
        tried += 1
        if (tried === 5) given.abort()
      }
      expect(tried).toBeLessThan(400)
      expect((await tryAll(validation, [repair()]))[0]?.outcome).toBe('plausible')
    } finally {
      await validation.close()
    }
  })
})

describe('where workers cannot follow', () => {
  it('the project’s own runner tries the candidates', async () => {
    // Loads its tests through a mechanism that only the runner knows.
    const loader =
      "require('../lib/numbers').between.call.runner = module.parent.filename.includes('mocha')\n"
    const text = `${assertion}${head}${loader}const broken = between.call.runner ? it : () => {}\nbroken('holds', () => { equal(between(3, 1, 3), true) })\n`
    const { validation } = await projects.bug({ ...manifest('mocha'), 'test/numbers.js': text }, layers)
    try {
      expect(validation.mode.kind).toBe('runner')
      const outcomes = await tryAll(validation, [replace('return false', 'return 0'), repair()])
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['failed', 'plausible'])
    } finally {
      await validation.close()
    }
  })
})
