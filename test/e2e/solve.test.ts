import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunView } from '../../src/contracts/index.ts'
import { packageRoot, runAtelier } from './atelier-process.ts'
import { committed, git, scratchRepository } from './scratch-repository.ts'

let directory: string

beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'atelier-solve-'))
  chmodSync(directory, 0o755)
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A repository with the files of the sample, changed as a case wants it. */
function makeRepository(name: string, change?: (root: string) => void): string {
  return scratchRepository('examples/appointments', path.join(directory, name), change)
}

const data = (): string => path.join(directory, 'data')
const issue = path.join(packageRoot, 'examples/appointments/ISSUE.md')

interface JsonAnswer {
  readonly code: number | null
  readonly run: Partial<RunView> & {
    readonly error?: { readonly code: string; readonly remedy: string } | null
  }
}

async function atelier(...args: readonly string[]): Promise<JsonAnswer> {
  const { code, stdout, stderr } = await runAtelier(data(), ...args, '--json')
  expect(stderr + stdout).not.toMatch(/\n\s+at .*\.ts:\d+/)
  return { code, run: JSON.parse(stdout) as JsonAnswer['run'] }
}

describe('bad input ends in a clear state, with a code and what to do', { timeout: 600_000 }, () => {
  test('no repository', async () => {
    const { code, run } = await atelier('solve', '--repo', path.join(directory, 'nowhere'), '--issue', issue)
    expect(code).toBe(6)
    expect(run).toMatchObject({ outcome: 'failed', error: { code: 'ATL_REPOSITORY_NOT_FOUND' } })
    expect(run.error?.remedy).not.toBe('')
  })

  test('an unreadable issue', async () => {
    const file = path.join(directory, 'issue.bin')
    writeFileSync(file, Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x80, 0x81]))
    const { code, run } = await atelier('solve', '--repo', directory, '--issue', file)
    expect(code).toBe(6)
    expect(run.error?.code).toMatch(/^ATL_INTAKE_/)
  })

  test('an unknown revision', async () => {
    const repository = makeRepository('revision')
    const { run } = await atelier('solve', '--repo', repository, '--issue', issue, '--revision', 'v99')
    expect(run.error?.code).toBe('ATL_REPOSITORY_UNKNOWN_REVISION')
  })

  test('a repository without tests', async () => {
    const repository = makeRepository('untested', (root) => {
      rmSync(path.join(root, 'test'), { recursive: true })
      writeFileSync(path.join(root, 'package.json'), '{ "name": "untested", "type": "module" }')
    })
    const { code, run } = await atelier('solve', '--repo', repository, '--issue', issue)
    expect(code).toBe(6)
    expect(run.error?.code).toMatch(/^ATL_(TESTING|REPRODUCE)_/)
  })

  test('no failing test that shows the fault', async () => {
    const repository = makeRepository('green', (root) => {
      const file = path.join(root, 'src/interval.js')
      writeFileSync(
        file,
        execFileSync('sed', ['s/a.start <= b.end/a.start < b.end/', file], { encoding: 'utf8' }),
      )
    })
    const { code, run } = await atelier('solve', '--repo', repository, '--issue', issue)
    expect(code).toBe(6)
    expect(run.error?.code).toBe('ATL_REPRODUCE_NOTHING_FAILS')
  })

  test('a suite that floods its output and fails without a test', async () => {
    const repository = makeRepository('flood', (root) => {
      for (const folder of ['src', 'test']) {
        rmSync(path.join(root, folder), { recursive: true })
        mkdirSync(path.join(root, folder))
      }
      // Little to try, for no edit of it can help.
      writeFileSync(path.join(root, 'src/opening.js'), 'export const opening = 9\n')
      writeFileSync(
        path.join(root, 'test/flood.test.js'),
        'const line = "x".repeat(1 << 20)\nfor (let i = 0; i < 100; i += 1) console.log(line)\nprocess.exit(1)\n',
      )
    })
    const { code, run } = await atelier('solve', '--repo', repository, '--issue', issue)
    expect([4, 6]).toContain(code)
    expect(['failed', 'escalated']).toContain(run.outcome)
  })
})

describe('where no test fails', { timeout: 600_000 }, () => {
  const quietTest = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Calendar, duration, overlaps, parseInterval } from '../src/index.js'

test('books in order, and refuses an overlap', () => {
  const calendar = new Calendar(parseInterval('09:00-17:00'))
  calendar.book(parseInterval('15:00-15:30'))
  calendar.book(parseInterval('10:00-11:00'))
  assert.deepEqual(calendar.booked.map(({ start }) => start), [600, 900])
  assert.throws(() => calendar.book(parseInterval('10:30-11:30')), /overlaps/)
})
test('duration in minutes', () => {
  assert.equal(duration(parseInterval('09:15-10:45')), 90)
})
test('what lies apart does not overlap', () => {
  assert.equal(overlaps(parseInterval('09:00-09:30'), parseInterval('11:00-12:00')), false)
  assert.equal(overlaps(parseInterval('11:00-12:00'), parseInterval('09:00-09:30')), false)
})
test('what shares a minute overlaps', () => {
  assert.equal(overlaps(parseInterval('09:00-10:00'), parseInterval('09:59-10:30')), true)
  assert.equal(overlaps(parseInterval('09:59-10:30'), parseInterval('09:00-10:00')), true)
})
`
  const withQuietTests = (root: string): void => {
    rmSync(path.join(root, 'test'), { recursive: true })
    mkdirSync(path.join(root, 'test'))
    writeFileSync(path.join(root, 'test/interval.test.js'), quietTest)
  }
  const report = `# Cannot book an appointment right after another

\`\`\`js
import { Calendar, parseInterval } from 'appointments'

const calendar = new Calendar(parseInterval('09:00-17:00'))
calendar.book(parseInterval('09:00-09:30'))
calendar.book(parseInterval('09:30-10:00'))
\`\`\`

\`\`\`
Error: 09:30-10:00 overlaps 09:00-09:30
    at Calendar.book (/home/ada/src/calendar.js:23:25)
\`\`\`
`

  test('the example in the issue becomes the test that shows the fault', async () => {
    const repository = makeRepository('shown', withQuietTests)
    const file = path.join(directory, 'report.md')
    writeFileSync(file, report)
    const { code, run } = await atelier('solve', '--repo', repository, '--issue', file, '--no-wait')
    expect(run.error).toBeFalsy()
    expect(code).toBe(3)
    expect(run.report?.proof?.fixed).toEqual(['test/issue-example.test.js > the example of the issue'])
    expect(run.report?.patch).toContain('+++ b/test/issue-example.test.js')
    expect(run.report?.patch).toMatch(/^\+.*a\.start < b\.end/m)
    expect(run.report?.attention.join()).toContain('made from the example in the issue')
  })

  test('an example that works shows nothing', async () => {
    const repository = makeRepository('works', withQuietTests)
    const file = path.join(directory, 'wrong-report.md')
    writeFileSync(file, report.replace("'09:30-10:00'))\n```", "'10:30-11:00'))\n```"))
    const { code, run } = await atelier('solve', '--repo', repository, '--issue', file, '--no-wait')
    expect(code).toBe(6)
    expect(run.error?.code).toBe('ATL_REPRODUCE_NOTHING_FAILS')
  })
})

describe('a person decides', { timeout: 600_000 }, () => {
  test('never in whose name the change was made, and exactly once', async () => {
    const repository = makeRepository('decided')
    const solved = await atelier(
      'solve',
      '--repo',
      repository,
      '--issue',
      issue,
      '--reporter',
      'ada',
      '--no-wait',
    )
    expect(solved.code, JSON.stringify(solved.run.error)).toBe(3)
    expect(solved.run.report?.patch).toContain('+  return a.start < b.end && b.start < a.end')
    const id = solved.run.id ?? ''

    const own = await atelier('approve', id, '--as', 'ada')
    expect(own.code).toBe(6)
    expect(own.run.error?.code).toMatch(/^ATL_APPROVAL_(OWN_WORK|FORBIDDEN)$/)

    const stranger = await atelier('approve', id, '--as', 'mallory')
    expect(stranger.run.error?.code).toBe('ATL_STUDIO_PERSON_UNKNOWN')

    const other = await atelier('approve', id, '--subject', `sha256:${'0'.repeat(64)}`)
    expect(other.code).toBe(6)

    const rejected = await atelier('reject', id, '--reason', 'not today')
    expect(rejected.code).toBe(5)
    expect(rejected.run.report?.approval).toMatchObject({ status: 'rejected', reason: 'not today' })
    expect(git(repository, 'branch', '--list', 'atelier/*')).toBe('')

    expect((await atelier('approve', id)).run.error?.code).toBe('ATL_STUDIO_NOT_WAITING')
    expect((await atelier('audit', 'verify')).code).toBe(0)
  })
})

describe('a repository in Python', { timeout: 600_000 }, () => {
  test('is repaired with pytest as well', async () => {
    const root = path.join(directory, 'python')
    const files = {
      'pyproject.toml': '[project]\nname = "shelf"\nversion = "1"\n[tool.pytest.ini_options]\n',
      'shelf/__init__.py': '',
      'shelf/search.py': [
        'def position(items, wanted):',
        '    """Index of an item in a sorted list, or None."""',
        '    low, high = 0, len(items)',
        '    while low < high:',
        '        middle = (low + high) // 2',
        '        if items[middle] == wanted:',
        '            return middle',
        '        if items[middle] < wanted:',
        '            low = middle',
        '        else:',
        '            high = middle',
        '    return None',
        '',
      ].join('\n'),
      'tests/test_search.py': [
        'import pytest',
        'from shelf.search import position',
        '',
        '@pytest.mark.parametrize("wanted", [2, 3, 5, 7, 11])',
        'def test_finds(wanted):',
        '    assert position([2, 3, 5, 7, 11], wanted) == [2, 3, 5, 7, 11].index(wanted)',
        '',
        'def test_does_not_find_what_is_too_small():',
        '    assert position([2, 3, 5], 1) is None',
        '',
        'def test_does_not_find_what_is_too_large():',
        '    assert bounded([2, 3], 9) is None',
        '',
        'def bounded(items, wanted):',
        '    """Fails rather than searching for ever."""',
        '    class Impatient(list):',
        '        reads = 0',
        '        def __getitem__(self, at):',
        '            self.reads += 1',
        '            assert self.reads < 20, "too many reads"',
        '            return super().__getitem__(at)',
        '    return position(Impatient(items), wanted)',
        '',
      ].join('\n'),
      'ISSUE.md':
        '# Searching for a large item never ends\n\n`position` loops if the item is larger than all others.\n',
    }
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
      writeFileSync(path.join(root, name), text)
    }
    const repository = committed(root)
    const { code, run } = await atelier(
      'solve',
      '--repo',
      repository,
      '--issue',
      path.join(repository, 'ISSUE.md'),
      '--no-wait',
    )
    expect(code, JSON.stringify(run.error)).toBe(3)
    expect(run.report?.patch).toContain('+            low = middle + 1')
  })
})
