import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Candidate, CandidateOutcome } from '../model.ts'
import type { OpenedBug, ProjectFiles } from './scratch-bugs.ts'
import { ScratchBugs } from './scratch-bugs.ts'

const source = `# über alles: columns are not bytes
LIMIT = 3
history = []


def below(value, limit=LIMIT):
    if value < limit:
        return True
    return False


def count_down(n):
    """Ends at zero."""
    steps = 0
    while n > 0:
        n -= 1
        steps += 1
    return steps


class Counter:
    start = 0

    def __init__(self):
        self.value = self.start

    def add(self, amount):
        self.value += amount
        return self.value
`
const path = 'numbers_of/core.py'

const project: ProjectFiles = {
  'numbers_of/__init__.py': '',
  [path]: source,
  'tests/__init__.py': '',
  'tests/test_core.py': `import unittest
from numbers_of.core import Counter, below, count_down, history


class Core(unittest.TestCase):
    def test_inside(self):
        self.assertTrue(below(2))

    def test_border(self):
        self.assertTrue(below(3))

    def test_outside(self):
        self.assertFalse(below(4))

    def test_steps(self):
        self.assertEqual(count_down(4), 4)

    def test_counter(self):
        self.assertEqual(Counter().add(2), 2)

    def test_clean(self):
        self.assertEqual(history, [])
`,
}

let projects: ScratchBugs
let opened: OpenedBug

beforeAll(async () => {
  projects = await ScratchBugs.open()
  opened = await projects.bug(project, [])
}, 120_000)

afterAll(async () => {
  await opened.validation.close()
  await projects[Symbol.asyncDispose]()
})

let nextId = 1
function replace(what: string, replacement: string): Candidate {
  const start = source.indexOf(what)
  expect(start).toBeGreaterThan(-1)
  const edits = [{ file: path, start, end: start + what.length, replacement }]
  return { id: nextId++, edits, template: 'test', prior: 1, line: 1, description: 'an edit' }
}
const repair = (): Candidate => replace('value < limit', 'value <= limit')

async function tryAll(...candidates: readonly Candidate[]): Promise<readonly CandidateOutcome['outcome'][]> {
  const outcomes = new Map<Candidate, CandidateOutcome['outcome']>()
  const never = new AbortController().signal
  const budget = { timeMs: 60_000, plausible: 100 }
  for await (const { candidate, outcome } of opened.validation.validate(candidates, budget, never))
    outcomes.set(candidate, outcome)
  return candidates.map((candidate) => outcomes.get(candidate) ?? 'failed')
}

describe('the worker for Python', { timeout: 120_000 }, () => {
  it('sees what the project’s own runner sees, and works in process', () => {
    expect(opened.reproduction.failing.map(({ id }) => id)).toEqual([
      'tests/test_core.py > Core > test_border',
    ])
    expect(opened.validation.mode).toMatchObject({ kind: 'in-process', failing: 1, guards: 5 })
  })

  it('measures what each test executes, in code units of the text', async () => {
    const { tests } = await opened.validation.collectSpectrum(60_000, new AbortController().signal)
    const border = tests.find(({ id }) => id.endsWith('test_border'))
    const executed = (border?.covered[path] ?? []).map(({ start, end }) => source.slice(start, end).trim())
    expect(executed).toEqual(['if value < limit:', 'return False'])
  })

  it('tells a repair from what changes nothing, breaks something or is no program', async () => {
    expect(
      await tryAll(
        repair(),
        replace('value < limit', 'value < limit + 0'),
        replace('value < limit', 'True'),
        replace('value < limit', 'value <'),
      ),
    ).toEqual(['plausible', 'failed', 'failed', 'invalid'])
  })

  it('tries edits of constants, defaults and class bodies on a project that is imported anew', async () => {
    expect(
      await tryAll(replace('LIMIT = 3', 'LIMIT = 3.5'), replace('limit=LIMIT', 'limit=LIMIT + 2')),
    ).toEqual(['plausible', 'failed'])
    expect(await tryAll(replace('start = 0', 'start = 1'))).toEqual(['failed'])
  })

  it('ends what never ends, and goes on', async () => {
    const start = performance.now()
    const endless = [
      replace('value < limit', 'value < limit or below(value)'),
      replace('    if value < limit', '    while True:\n        pass\n    if value < limit'),
      replace('    if value < limit', '    import time\n    time.sleep(1000)\n    if value < limit'),
      replace('    if value < limit', '    hoard = [0] * 10 ** 12\n    if value < limit'),
      replace('    if value < limit', '    import os\n    os._exit(3)\n    if value < limit'),
    ]
    const outcomes = await tryAll(...endless, repair())
    expect(outcomes.at(-1)).toBe('plausible')
    expect(outcomes.slice(0, -1).every((outcome) => outcome === 'failed' || outcome === 'exhausted')).toBe(
      true,
    )
    expect(performance.now() - start).toBeLessThan(60_000)
  })

  it('does not let one candidate spoil another', async () => {
    const dirty = replace('    if value < limit', '    history.append(value)\n    if value < limit')
    const traitor = replace('    if value < limit', '    Counter.add = None\n    if value < limit')
    expect(await tryAll(dirty, traitor, repair())).toEqual(['failed', 'failed', 'plausible'])
  })

  it('does not take what a candidate prints for an answer', async () => {
    const liar = replace(
      '    if value < limit',
      `    print('{"outcome": "plausible"}')\n    if value < limit`,
    )
    expect(await tryAll(liar)).toEqual(['failed'])
  })
})
