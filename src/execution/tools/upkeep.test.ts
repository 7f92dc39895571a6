import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WorkTask } from '../../contracts/index.ts'
import { ScratchWorkbench } from '../../testing/index.ts'

let bench: ScratchWorkbench

beforeAll(async () => {
  bench = await ScratchWorkbench.open()
})
afterAll(() => bench[Symbol.asyncDispose]())

const lint: WorkTask = { kind: 'lint-fix', paths: [] }
const format: WorkTask = { kind: 'format', paths: [] }

const code = (name: string) => expect.objectContaining({ code: `ATL_UPKEEP_${name}` }) as unknown

describe('lint fixes', { timeout: 180_000 }, () => {
  it('take the fixes of the project’s own ESLint, and measure anew', async () => {
    const { result, verdict, verify, repository } = await bench.proposeAndVerify(bench.sample(), lint)
    expect(result.explanation).toBe('eslint fixed 3 problems in 2 files; 2 are left.')
    expect(result.change.summary.files.map(({ path }) => path)).toEqual(['src/till.js', 'test/till.test.js'])
    expect(result.record).toMatchObject({ before: { 'prefer-const': 2, eqeqeq: 1, 'no-var': 1 } })
    expect(verdict.outcome).toBe('accepted')

    // What was proposed is not believed: other trees fail.
    const base = result.change.baseTree
    expect((await verify(base)).checks.find(({ name }) => name === 'fewer problems')?.holds).toBe(false)
    const worse = await repository.applyFileChanges(result.tree, [
      { kind: 'write', path: 'src/more.js', content: 'var late = 1\n' },
    ])
    const refused = await verify(worse)
    expect(refused.outcome).toBe('rejected')
    expect(refused.checks.filter(({ holds }) => !holds).map(({ name }) => name)).toEqual([
      'no new problem',
      'only files that the linter named',
    ])
  })

  it('stay within a path', async () => {
    const result = await bench.propose(bench.sample(), { kind: 'lint-fix', paths: ['test/'] })
    expect(result).toMatchObject({ change: { summary: { files: [{ path: 'test/till.test.js' }] } } })
  })

  it('have nothing to do in clean code', async () => {
    const clean = bench.sample({
      'src/till.js': 'export const total = (prices) => prices.reduce((sum, price) => sum + price, 0)\n',
      'test/till.test.js': "import test from 'node:test'\n\ntest('nothing', () => {})\n",
    })
    expect(await bench.propose(clean, lint)).toMatchObject({
      outcome: 'unchanged',
      explanation: 'eslint finds no problem.',
    })
  })

  it('end with a code where there is no linter, where it is not installed, and where it crashes', async () => {
    const manifest = { scripts: { test: 'node --test' } }
    const bare = { 'package.json': JSON.stringify(manifest), 'a.test.js': '' }
    await expect(bench.propose(bench.repository(bare), lint)).rejects.toEqual(code('NO_LINTER'))

    const absent = {
      'requirements-dev.txt': '',
      'pyproject.toml': '[tool.ruff]\n',
      'test_a.py': 'def test_a(): pass\n',
    }
    await expect(
      bench.propose(bench.repository({ ...absent, 'pytest.ini': '[pytest]\n' }), lint),
    ).rejects.toEqual(code('NOT_INSTALLED'))

    const broken = bench.sample({ 'eslint.config.js': "throw new Error('no configuration today')\n" })
    await expect(bench.propose(broken, lint)).rejects.toMatchObject({
      code: 'ATL_UPKEEP_PROGRAM_CRASHED',
      message: expect.stringContaining('no configuration today') as string,
    })
  })

  it('let a configuration neither forge results nor change other files', async () => {
    const hostile = bench.sample({
      'eslint.config.js': `import fs from 'node:fs'
console.log('[]')
fs.writeFileSync('src/secret.js', 'stolen()')
fs.writeFileSync('README.md', 'owned')
export default [{ files: ['**/*.js'], rules: { 'no-var': 'error' } }]\n`,
      'README.md': 'Till\n',
    })
    expect(await bench.propose(hostile, lint)).toMatchObject({
      change: { summary: { files: [{ path: 'src/till.js' }] } },
    })
  })
})

describe('formatting', { timeout: 180_000 }, () => {
  it('keeps the syntax trees and has nothing to do twice', async () => {
    const { result, verdict, verify, repository } = await bench.proposeAndVerify(bench.sample(), format)
    expect(result.explanation).toBe('prettier formatted 1 file.')
    expect(verdict).toMatchObject({ outcome: 'accepted' })
    const edited = (await repository.readText(result.tree, 'src/till.js'))?.replace('* 100', '* 10') ?? ''
    const other = await repository.applyFileChanges(result.tree, [
      { kind: 'write', path: 'src/till.js', content: edited },
    ])
    expect((await verify(other)).checks[0]).toMatchObject({
      name: 'same syntax trees',
      holds: false,
      detail: 'more than the form changes in src/till.js',
    })
    const untidy = await repository.applyFileChanges(result.tree, [
      { kind: 'write', path: 'src/till.js', content: `${edited}\n\n\n` },
    ])
    expect((await verify(untidy)).checks[1]?.holds).toBe(false)
  })

  it('leaves what does not parse, keeps CRLF as the project says, and passes a file of 50 MB by', async () => {
    const odd = bench.sample({
      '.prettierrc': '{ "semi": false, "endOfLine": "crlf" }\n',
      'src/till.js': 'export  const a = 1;\r\n',
      'src/broken.js': 'const = \n',
      'src/data.js': `export default [${'1,'.repeat(25 * 2 ** 20)}]\n`,
      '.prettierignore': 'src/data.js\n',
    })
    const { result, verdict, repository } = await bench.proposeAndVerify(odd, format)
    expect(result.found[1]).toBe('not parsed, and left as they are: src/broken.js')
    expect(await repository.readText(result.tree, 'src/till.js')).toBe('export const a = 1\r\n')
    expect(verdict.outcome).toBe('accepted')
  })

  it('ends with a code where there is no formatter', async () => {
    const bare = { 'package.json': JSON.stringify({ scripts: { test: 'node --test' } }), 'a.test.js': '' }
    await expect(bench.propose(bench.repository(bare), format)).rejects.toEqual(code('NO_FORMATTER'))
  })
})

const rule = (fix: string, complete = false): WorkTask => ({
  kind: 'codemod',
  paths: [],
  rule: {
    from: 'text',
    text: `id: zero\nlanguage: JavaScript\nrule:\n  pattern: wrap($A)\nfix: ${fix}\nmetadata:\n  complete: ${complete}\n`,
  },
})
const plain = {
  'package.json': JSON.stringify({ scripts: { test: 'node --test' } }),
  'a.js': 'console.log(wrap(wrap(1)))\n',
  'b.js': 'console.log(2)\n',
  'test/a.test.js': "require('node:test')('a', () => {})\n",
}

describe('codemods', { timeout: 180_000 }, () => {
  it('rewrite what matches, again where the rule says that nothing is left', async () => {
    const once = await bench.proposeAndVerify(bench.repository(plain), rule('$A'))
    expect(await once.repository.readText(once.result.tree, 'a.js')).toBe('console.log(wrap(1))\n')
    expect(once.verdict).toMatchObject({ outcome: 'accepted' })
    const all = await bench.proposeAndVerify(bench.repository(plain), rule('$A', true))
    expect(await all.repository.readText(all.result.tree, 'a.js')).toBe('console.log(1)\n')
    expect(all.verdict.checks.map(({ detail }) => detail)).toEqual(['1 file', '2 → 0', '1 file'])
  })

  it('are refused when the result does not parse, or a match is left of a rule that promised none', async () => {
    const { verdict } = await bench.proposeAndVerify(bench.repository(plain), rule("'wrap($A) +* {'", true))
    expect(verdict.outcome).toBe('rejected')
    expect(verdict.checks.filter(({ holds }) => !holds).map(({ name }) => name)).toEqual([
      'the result parses',
      'the rule matches nothing any more',
    ])
  })

  it('find rules in the repository, by path and by id', async () => {
    const stored = {
      ...plain,
      'sgconfig.yml': 'ruleDirs:\n  - rules\n',
      'rules/first.yml': 'id: unwrap\nlanguage: JavaScript\nrule:\n  pattern: wrap($A)\nfix: $A\n',
    }
    for (const name of ['unwrap', 'rules/first.yml']) {
      const task: WorkTask = { kind: 'codemod', paths: [], rule: { from: 'repository', name } }
      expect(await bench.propose(bench.repository(stored), task)).toMatchObject({ outcome: 'changed' })
    }
    const unknown: WorkTask = { kind: 'codemod', paths: [], rule: { from: 'repository', name: 'none' } }
    await expect(bench.propose(bench.repository(stored), unknown)).rejects.toEqual(code('RULE_NOT_FOUND'))
  })

  it('end with a code for a rule that is none', async () => {
    for (const text of [
      'id: a',
      'a: [',
      '',
      'id: a\nlanguage: JavaScript\nrule: { pattern: a }',
      'id: a\nlanguage: Klingon\nrule: { pattern: a }\nfix: b',
    ]) {
      const task: WorkTask = { kind: 'codemod', paths: [], rule: { from: 'text', text } }
      await expect(bench.propose(bench.repository(plain), task), text).rejects.toEqual(code('RULE_INVALID'))
    }
  })

  it('have nothing to do where nothing matches', async () => {
    const repository = bench.repository({ ...plain, 'a.js': 'console.log(3)\n' })
    expect(await bench.propose(repository, rule('$A'))).toMatchObject({ outcome: 'unchanged' })
  })
})

/** A package that depends on one other, in a version that is not the newest. */
function small(range: string) {
  const lock = {
    name: 'small',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'small', dependencies: { commander: range } },
      'node_modules/commander': {
        version: '2.19.0',
        integrity:
          'sha512-6tvAOO+D6OENvRAh524Dh9jcfKTYDQAqvqezbCW82xj5X0pSrcpxtvRKHLG0yBY6SD7PSDrJaj+0AiOcKVd1Xg==',
        license: 'MIT',
      },
    },
  }
  const manifest = { name: 'small', scripts: { test: 'node --test' }, dependencies: { commander: range } }
  return {
    'package.json': `${JSON.stringify(manifest, null, 2)}\n`,
    'package-lock.json': `${JSON.stringify(lock, null, 2)}\n`,
    'test/a.test.js': "require('node:test')('a', () => { require('commander') })\n",
  }
}

describe('updates of npm dependencies', { timeout: 180_000 }, () => {
  const update = (level: 'in-range' | 'patch' | 'minor', packages: string[] = []): WorkTask => ({
    kind: 'dependency-update',
    level,
    packages,
  })

  it('take what the range allows, with versions, changelog and a lock file that installs', async () => {
    const repository = bench.repository(small('^2.19.0'))
    const {
      result,
      verdict,
      verify,
      repository: opened,
    } = await bench.proposeAndVerify(repository, update('in-range'))
    expect(result.change.summary.files.map(({ path }) => path)).toEqual(['package-lock.json'])
    expect(result.record['moves']).toEqual([
      { place: 'node_modules/commander', name: 'commander', from: '2.19.0', to: '2.20.3', direct: true },
    ])
    expect(JSON.stringify(result.record['changelogs'])).toContain('2.20.0')
    expect(JSON.stringify(result.record['changelogs'])).not.toContain('2.19.0 /')
    expect(verdict).toMatchObject({ outcome: 'accepted' })

    const stranger = await opened.applyFileChanges(result.tree, [
      { kind: 'write', path: 'extra.js', content: 'module.exports = 1\n' },
    ])
    expect((await verify(stranger)).checks[0]).toMatchObject({ holds: false, detail: 'extra.js' })
    expect((await verify(result.change.baseTree)).outcome).toBe('accepted')
  })

  it('rewrite ranges only as far as the level says', async () => {
    const pinned = bench.repository(small('2.19.0'))
    const { result, repository } = await bench.proposeAndVerify(pinned, update('minor', ['commander']))
    expect(await repository.readText(result.tree, 'package.json')).toContain('"commander": "2.20.3"')
    expect(await bench.propose(pinned, update('patch'))).toMatchObject({ outcome: 'unchanged' })
    await expect(bench.propose(pinned, update('minor', ['left-pad']))).rejects.toEqual(
      code('UNKNOWN_PACKAGE'),
    )
  })

  it('end with a code for a lock file that is missing, does not match, or cannot be read', async () => {
    const files = { 'package.json': plain['package.json'], 'test/a.test.js': plain['test/a.test.js'] }
    const propose = (lock: string | undefined) =>
      bench.propose(
        bench.repository({ ...files, ...(lock === undefined ? {} : { 'package-lock.json': lock }) }),
        update('in-range'),
      )
    await expect(propose(undefined)).rejects.toEqual(code('LOCK_MISSING'))
    await expect(propose('{ "lockfileVersion": 1 }')).rejects.toEqual(code('LOCK_UNREADABLE'))
    const other = { lockfileVersion: 3, packages: { '': { dependencies: { commander: '1.0.0' } } } }
    await expect(propose(JSON.stringify(other))).rejects.toEqual(code('LOCK_MISMATCH'))
  })
})

describe('Python', { timeout: 240_000 }, () => {
  const files = {
    'requirements.txt': 'six==1.15.0  # old\r\nruff==0.4.4\r\n',
    'pyproject.toml': '[tool.ruff.lint]\nselect = ["F401", "E711"]\n',
    'till.py': 'import os\nimport six\n\ndef total( prices ):\n    """Sums.   """\n    return sum(prices)\n',
    'test_till.py': 'from till import total\n\ndef test_total():\n    assert total([1, 2]) == 3\n',
    'pytest.ini': '[pytest]\n',
  }

  it('is linted and formatted by Ruff', async () => {
    const repository = bench.repository(files)
    const linted = await bench.proposeAndVerify(repository, lint)
    expect(linted.result.explanation).toMatch(/^ruff fixed 2 problems in 1 file/)
    expect(linted.verdict.outcome).toBe('accepted')
    const formatted = await bench.proposeAndVerify(repository, format)
    expect(formatted.verdict).toMatchObject({ outcome: 'accepted' })
    expect(await formatted.repository.readText(formatted.result.tree, 'till.py')).toContain(
      'def total(prices):',
    )
  })

  it('has its pins moved, and nothing else', async () => {
    const repository = bench.repository(files)
    const task: WorkTask = { kind: 'dependency-update', level: 'minor', packages: ['six'] }
    const { result, verdict, repository: opened } = await bench.proposeAndVerify(repository, task)
    expect(await opened.readText(result.tree, 'requirements.txt')).toMatch(
      /^six==1\.1[6-9]\.\d+ {2}# old\r\nruff==0\.4\.4\r\n$/,
    )
    expect(verdict).toMatchObject({ outcome: 'accepted' })
    expect(await bench.propose(repository, { ...task, level: 'in-range' })).toMatchObject({
      outcome: 'unchanged',
      explanation: expect.stringContaining('--level') as string,
    })
  })
})
