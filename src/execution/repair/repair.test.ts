import { runInThisContext } from 'node:vm'

import { describe, expect, it } from 'vitest'

import type { TestReport } from '../../contracts/index.ts'
import type {
  Candidate,
  CandidateOutcome,
  RepairBudget,
  RepairPorts,
  RepairProblem,
  RepairProgress,
  SourceFile,
  ValidationBudget,
  Validator,
} from './model.ts'
import { repair } from './repair.ts'

/** A check of a small project: it passes unless it throws. */
interface Check {
  readonly name: string
  readonly code: string
}

function applied(sources: readonly SourceFile[], candidate: Candidate): readonly SourceFile[] {
  return sources.map((source) => {
    const edits = candidate.edits.filter(({ file }) => file === source.path).sort((a, b) => b.start - a.start)
    const text = edits.reduce(
      (whole, edit) => whole.slice(0, edit.start) + edit.replacement + whole.slice(edit.end),
      source.text,
    )
    return { ...source, text }
  })
}

/** Runs the checks on CommonJS sources, each time anew. */
function run(sources: readonly SourceFile[], checks: readonly Check[]): ReadonlyMap<string, string | null> {
  return new Map(
    checks.map(({ name, code }) => {
      const modules = sources.map(
        ({ path, text }) =>
          `(() => { const module = { exports: {} }; ${text}\nmodules[${JSON.stringify(path)}] = module.exports })()`,
      )
      try {
        runInThisContext(`{ const modules = {};${modules.join(';')};${code} }`, { timeout: 500 })
        return [name, null]
      } catch (error) {
        return [name, String(error)]
      }
    }),
  )
}

class PlainValidator implements Validator {
  readonly statistics = { tried: 0, seconds: 0.001 }
  readonly seen: Candidate[] = []
  private readonly sources: readonly SourceFile[]
  private readonly checks: readonly Check[]
  private readonly failing: ReadonlySet<string>

  constructor(sources: readonly SourceFile[], checks: readonly Check[], failing: readonly string[]) {
    this.sources = sources
    this.checks = checks
    this.failing = new Set(failing)
  }

  async *validate(
    candidates: readonly Candidate[],
    budget: ValidationBudget,
    signal: AbortSignal,
  ): AsyncIterable<CandidateOutcome> {
    const deadline = performance.now() + budget.timeMs
    for (const candidate of candidates) {
      await Promise.resolve()
      if (signal.aborted || performance.now() > deadline) return
      this.statistics.tried += 1
      this.seen.push(candidate)
      const results = run(applied(this.sources, candidate), this.checks)
      const ids = [...results.keys()]
      const fixed = ids.filter((id) => this.failing.has(id) && results.get(id) === null)
      const broken = ids.filter((id) => !this.failing.has(id) && results.get(id) !== null)
      const outcome =
        broken.length > 0 || fixed.length === 0
          ? 'failed'
          : fixed.length === this.failing.size
            ? 'plausible'
            : 'partial'
      yield { candidate, outcome, fixed, broken }
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

interface Project {
  readonly sources: readonly SourceFile[]
  readonly checks: readonly Check[]
  /** Known to the project's own command only. */
  readonly hidden?: readonly Check[]
}

function prepare({ sources, checks, hidden = [] }: Project) {
  const before = run(sources, checks)
  const failing = checks.filter(({ name }) => before.get(name) !== null)
  const caseOf = ({ name }: Check) => ({ id: name, name, file: 'test/all.js', outcome: 'passed' as const })
  const problem: RepairProblem = {
    sources,
    tests: [
      {
        path: 'test/all.js',
        text: checks.map(({ name, code }) => `test('${name}', () => { ${code} })`).join('\n'),
      },
    ],
    reproduction: {
      failing: failing.map((check) => ({
        ...caseOf(check),
        outcome: 'failed',
        message: before.get(check.name) ?? '',
      })),
      passing: [...checks, ...hidden].filter((check) => !failing.includes(check)).map(caseOf),
      failingFiles: ['test/all.js'],
      testFiles: ['test/all.js'],
    },
  }
  const validator = new PlainValidator(
    sources,
    checks,
    failing.map(({ name }) => name),
  )
  const confirmed: Candidate[] = []
  const ports: RepairPorts = {
    validator,
    confirm(candidate) {
      confirmed.push(candidate)
      const results = run(applied(sources, candidate), [...checks, ...hidden])
      const tests = [...results].map(([id, error]) => ({
        id,
        name: id,
        outcome: error === null ? ('passed' as const) : ('failed' as const),
      }))
      const passed = tests.every(({ outcome }) => outcome === 'passed')
      const report: TestReport = {
        framework: 'command',
        command: 'checks',
        exitCode: passed ? 0 : 1,
        outcome: passed ? 'passed' : 'failed',
        durationMs: 1,
        tests,
        outputTail: '',
      }
      return Promise.resolve(report)
    },
    now: () => performance.now(),
  }
  return { problem, ports, validator, confirmed }
}

const budget: RepairBudget = { timeMs: 20_000, plausible: 10, confidence: 0 }
const never = new AbortController().signal

const merge: Project = {
  sources: [
    {
      path: 'lib/merge.js',
      text: `function merge(target, source) {
  if (typeof source !== 'object') {
    if (Array.isArray(target)) {
      target.push(source)
    } else if (typeof target === 'object') {
      target[source] = true
    } else {
      return [target, source]
    }
    return target
  }
  return Object.assign({}, target, source)
}
module.exports = { merge }
`,
    },
  ],
  checks: [
    {
      name: 'merges objects',
      code: `const r = modules['lib/merge.js'].merge({ a: 1 }, { b: 2 }); if (r.a !== 1 || r.b !== 2) throw new Error('no')`,
    },
    {
      name: 'adds a key',
      code: `const r = modules['lib/merge.js'].merge({}, 'a'); if (r.a !== true) throw new Error('no')`,
    },
    {
      name: 'pushes',
      code: `const r = modules['lib/merge.js'].merge([1], 2); if (r.length !== 2) throw new Error('no')`,
    },
    {
      name: 'takes null for a value',
      code: `const r = modules['lib/merge.js'].merge(null, 'a'); if (!Array.isArray(r) || r[0] !== null || r[1] !== 'a') throw new Error('got ' + r)`,
    },
  ],
}

const twoPlaces: Project = {
  sources: [
    {
      path: 'lib/rest.js',
      text: `function rest(key, at) {\n  return '[' + key.slice(at + ']')\n}\nmodule.exports = { rest }\n`,
    },
    {
      path: 'lib/hex.js',
      text: `function hex(i) {\n  return '%' + ((i < 16 ? '0' : '' + i.toString(16)).toUpperCase())\n}\nmodule.exports = { hex }\n`,
    },
  ],
  checks: [
    { name: 'rest', code: `if (modules['lib/rest.js'].rest('abc', 1) !== '[bc]') throw new Error('no')` },
    { name: 'hex', code: `if (modules['lib/hex.js'].hex(10) !== '%0A') throw new Error('no')` },
    { name: 'large hex', code: `if (modules['lib/hex.js'].hex(255) !== '%FF') throw new Error('no')` },
  ],
}

describe('repair', () => {
  it('repairs, explains with evidence and says what else was weighed', async () => {
    const { problem, ports } = prepare(merge)
    const progress: RepairProgress[] = []
    const outcome = await repair(problem, ports, budget, never, (event) => progress.push(event))
    expect(outcome.kind).toBe('repaired')
    if (outcome.kind !== 'repaired') return
    expect(outcome.candidate.edits[0]?.file).toBe('lib/merge.js')
    expect(outcome.explanation.place).toMatch(/^lib\/merge\.js:\d+, in merge$/)
    expect(outcome.explanation.tests).toEqual(['takes null for a value'])
    expect(outcome.explanation.evidence.join('\n')).toContain('own test command passes')
    expect(outcome.confidence).toBeGreaterThan(0)
    expect(outcome.confidence).toBeLessThan(1)
    expect(outcome.report.outcome).toBe('passed')
    expect(new Set(progress.map(({ kind }) => kind))).toEqual(
      new Set(['localised', 'generated', 'trying', 'plausible', 'confirming', 'confirmed']),
    )
  })

  it('joins half repairs of two files', async () => {
    const { problem, ports } = prepare(twoPlaces)
    const outcome = await repair(problem, ports, budget, never)
    expect(outcome.kind).toBe('repaired')
    if (outcome.kind !== 'repaired') return
    expect(new Set(outcome.candidate.edits.map(({ file }) => file))).toEqual(
      new Set(['lib/rest.js', 'lib/hex.js']),
    )
    expect(outcome.candidate.template).toContain(' + ')
  })

  it('leaves the last word to the project’s own command', async () => {
    const hidden = [
      {
        name: 'keeps undefined',
        code: `const r = modules['lib/merge.js'].merge(undefined, 'a'); if (!Array.isArray(r) || r[0] !== undefined) throw new Error('no')`,
      },
    ]
    const { problem, ports, confirmed } = prepare({ ...merge, hidden })
    const outcome = await repair(problem, ports, budget, never)
    expect(outcome.kind).toBe('repaired')
    if (outcome.kind !== 'repaired') return
    expect(confirmed.at(-1)).toEqual(outcome.candidate)
  })

  it('offers what it is not sure of as hints', async () => {
    const { problem, ports } = prepare(merge)
    const outcome = await repair(problem, ports, { ...budget, confidence: 0.999 }, never)
    expect(outcome).toMatchObject({
      kind: 'escalated',
      reason: 'unsure',
      failing: ['takes null for a value'],
    })
    if (outcome.kind !== 'escalated') return
    expect(outcome.hints[0]).toMatchObject({ confirmation: 'passed' })
    expect(outcome.suspects.length).toBeGreaterThan(0)
  })

  it('escalates when the suite refuses everything plausible', async () => {
    const hidden = [{ name: 'impossible', code: `throw new Error('always')` }]
    const { problem, ports } = prepare({ ...merge, hidden })
    const outcome = await repair(problem, ports, { ...budget, timeMs: 6_000 }, never)
    expect(outcome).toMatchObject({ kind: 'escalated', reason: 'refused' })
  })

  it('escalates when no edit helps', async () => {
    const { problem, ports } = prepare({
      sources: [
        {
          path: 'lib/hash.js',
          text: `const hash = (text) => { return text.length }\nmodule.exports = { hash }`,
        },
      ],
      checks: [
        {
          name: 'hash',
          code: `if (modules['lib/hash.js'].hash('abc') !== 'ba7816bf8f01cfea') throw new Error('no')`,
        },
      ],
    })
    const outcome = await repair(problem, ports, { ...budget, timeMs: 8_000 }, never)
    expect(outcome).toMatchObject({ kind: 'escalated', reason: 'no-plausible' })
    if (outcome.kind === 'escalated') expect(outcome.summary).toContain('lib/hash.js:1')
  })

  it('escalates at once when nothing can be suspected', async () => {
    const { problem, ports } = prepare(merge)
    const outcome = await repair({ ...problem, sources: [] }, ports, budget, never)
    expect(outcome).toMatchObject({ kind: 'escalated', reason: 'no-suspect', attempts: { tried: 0 } })
  })

  it('stops when it is cancelled', async () => {
    const { problem, ports } = prepare(merge)
    const controller = new AbortController()
    const outcome = await repair(problem, ports, budget, controller.signal, (event) => {
      if (event.kind === 'trying') controller.abort()
    })
    expect(outcome).toMatchObject({ kind: 'escalated', reason: 'cancelled' })
  })

  it('keeps to its time', async () => {
    const { problem, ports } = prepare({
      ...merge,
      checks: [...merge.checks, { name: 'never', code: `throw new Error('always')` }],
    })
    const start = performance.now()
    const outcome = await repair(problem, ports, { ...budget, timeMs: 3_000 }, never)
    expect(outcome.kind).toBe('escalated')
    expect(performance.now() - start).toBeLessThan(30_000)
  })

  it('tries the same candidates in the same order', async () => {
    const orders = await Promise.all(
      [1, 2].map(async () => {
        const { problem, ports, validator } = prepare(merge)
        await repair(problem, ports, { ...budget, plausible: 1 }, never)
        return validator.seen.map(({ id, edits }) => ({ id, edits }))
      }),
    )
    expect(orders[0]!.slice(0, 20)).toEqual(orders[1]!.slice(0, 20))
  })
})
