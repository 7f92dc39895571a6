import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestReport } from '../../../contracts/index.ts'
import type { ProjectFiles } from '../scratch-project.ts'
import { ScratchProjects } from '../scratch-project.ts'

/** Everything that npm has to bring for the projects below, at versions that run on Node 20. */
const runnerManifest = JSON.stringify({
  name: 'runners',
  private: true,
  scripts: { test: 'mocha' },
  devDependencies: {
    ava: '6.4.1',
    jasmine: '5.12.0',
    jest: '29.7.0',
    mocha: '11.7.5',
    tape: '5.9.0',
  },
})

let projects: ScratchProjects
let layers: readonly string[]
let pythonLayers: readonly string[]

beforeAll(async () => {
  projects = await ScratchProjects.open()
  const packages = await projects.install({ 'package.json': runnerManifest, 'test/a.js': '' })
  layers = packages.layers
  if (projects.toolchain.python !== null)
    pythonLayers = (await projects.install({ 'pytest.ini': '', 'test_a.py': '' })).layers
}, 600_000)

afterAll(async () => {
  await projects[Symbol.asyncDispose]()
})

/** Ids and outcomes, in the order of the report. */
function outcomes(report: TestReport): Readonly<Record<string, string>> {
  return Object.fromEntries(report.tests.map(({ id, outcome }) => [id, outcome]))
}

function manifest(test: string, more: object = {}): ProjectFiles {
  return { 'package.json': JSON.stringify({ name: 'project', scripts: { test }, ...more }) }
}

const spec = (assertion: string): string => `${assertion}
describe('sum', () => {
  it('adds', () => { equal(1 + 1, 2) })
  describe('of strings', () => {
    it('fails', () => { equal('1' + '1', '2') })
    it('adds', () => { console.log('{"kind":"end"}\\nok 1 - forged\\n1..1') })
  })
})
`
const specOutcomes = (file: string) => ({
  [`${file} > sum > adds`]: 'passed',
  [`${file} > sum > of strings > fails`]: 'failed',
  [`${file} > sum > of strings > adds`]: 'passed',
})

describe('every framework reports tests by file, group and name', () => {
  it('node:test', async () => {
    const text = spec(
      "const { equal } = require('node:assert')\nconst { describe, it } = require('node:test')",
    )
    const report = await projects.run({
      ...manifest('node --test'),
      'test/sum.test.js': text,
      'test/todo.test.js':
        "const test = require('node:test')\ntest('later', { todo: true }, () => {})\ntest.skip('off')\n",
    })
    expect(report).toMatchObject({ framework: 'node:test', outcome: 'failed', exitCode: 1 })
    expect(outcomes(report)).toEqual({
      ...specOutcomes('test/sum.test.js'),
      'test/todo.test.js > later': 'todo',
      'test/todo.test.js > off': 'skipped',
    })
    const failed = report.tests.find(({ outcome }) => outcome === 'failed')
    expect(failed).toMatchObject({ file: 'test/sum.test.js', line: 6 })
    expect(failed?.message).toContain("'11'")
    expect(failed?.stack).toContain('sum.test.js:6')
  })

  it('Mocha', async () => {
    const text = spec("const { equal } = require('node:assert')")
    const report = await projects.run(
      { ...manifest('nyc mocha --reporter dot'), 'test/sum.js': text },
      layers,
    )
    expect(report).toMatchObject({ framework: 'mocha', outcome: 'failed' })
    expect(outcomes(report)).toEqual(specOutcomes('test/sum.js'))
    expect(report.tests[1]?.stack).toContain('sum.js:5')
  })

  it('Jest', async () => {
    const text = spec('const equal = (a, b) => expect(a).toBe(b)')
    const broken = "require('./missing')\ntest('never', () => {})\n"
    const report = await projects.run(
      { ...manifest('jest --coverage'), 'sum.test.js': text, 'broken.test.js': broken },
      layers,
    )
    expect(report).toMatchObject({ framework: 'jest', outcome: 'failed' })
    expect(outcomes(report)).toEqual({ ...specOutcomes('sum.test.js'), 'broken.test.js': 'failed' })
    expect(report.tests.find(({ id }) => id === 'broken.test.js')?.message).toContain('./missing')
  })

  it('Jasmine', async () => {
    const text = spec('const equal = (a, b) => expect(a).toBe(b)')
    const config = JSON.stringify({ spec_dir: 'spec', spec_files: ['**/*.js'] })
    const report = await projects.run(
      { ...manifest('jasmine --config=jasmine.json'), 'jasmine.json': config, 'spec/sum.js': text },
      layers,
    )
    expect(report).toMatchObject({ framework: 'jasmine', outcome: 'failed' })
    expect(outcomes(report)).toEqual(specOutcomes('spec/sum.js'))
  })

  it('AVA', async () => {
    const text = (name: string): string =>
      `const test = require('ava')\ntest('${name}', (t) => { console.log('not ok 1 - forged'); t.is(1 + 1, 2) })\ntest('fails', (t) => { t.is(1, 2) })\n`
    const report = await projects.run(
      { ...manifest('ava'), 'test/one.js': text('adds'), 'test/two.js': text('counts') },
      layers,
    )
    expect(report).toMatchObject({ framework: 'ava', outcome: 'failed' })
    expect(outcomes(report)).toEqual({
      'test/one.js > adds': 'passed',
      'test/one.js > fails': 'failed',
      'test/two.js > counts': 'passed',
      'test/two.js > fails': 'failed',
    })
  })

  it('tape', async () => {
    const sum = `const test = require('tape')
test('sum', (t) => {
  t.test('adds', (s) => { s.equal(1 + 1, 2); s.end() })
  t.test('fails', (s) => { console.log('ok 3 forged'); s.equal('11', '2'); s.end() })
  t.end()
})
test('plans too much', (t) => { t.plan(2); t.pass() ; t.end() })
test.skip('off', (t) => { t.end() })
`
    const report = await projects.run(
      {
        ...manifest('node test'),
        'test/index.js': "'use strict'\nrequire('./sum');\n\nrequire('./other');\n",
        'test/sum.js': sum,
        'test/other.js': "require('tape')('other', (t) => { t.ok(true); t.end() })\n",
      },
      layers,
    )
    expect(report).toMatchObject({ framework: 'tape', outcome: 'failed' })
    expect(outcomes(report)).toEqual({
      'test/sum.js > sum > adds': 'passed',
      'test/sum.js > sum > fails': 'failed',
      'test/sum.js > plans too much': 'failed',
      'test/sum.js > off': 'skipped',
      'test/other.js > other': 'passed',
    })
    expect(report.tests.find(({ name }) => name === 'fails')).toMatchObject({ line: 4 })
  })

  it('tape, where a test crashes: those around it are told by it', async () => {
    const sum = `const test = require('tape')
test('sum', (t) => {
  t.test('adds', (s) => { s.equal(1 + 1, 2); s.end() })
  t.test('crashes', (s) => { null.value })
  t.end()
})
`
    const report = await projects.run({ ...manifest('node test'), 'test/index.js': sum }, layers)
    expect(outcomes(report)).toEqual({
      'test/index.js > sum > adds': 'passed',
      'test/index.js > sum > crashes': 'failed',
    })
  })

  it('Vitest', async () => {
    // The studio's own Vitest, which is there without a download.
    const own = join(import.meta.dirname, '../../../../node_modules')
    const text = `import { describe, it, expect } from 'vitest'\n${spec('const equal = (a, b) => expect(a).toBe(b)')}`
    const files = { ...manifest('vitest run --coverage'), 'sum.test.js': text }
    const sandbox = await projects.host.create({
      runId: 'run_test',
      layers: [projects.tree(files)],
      readOnlyBinds: [
        { source: own, target: '/opt/own/node_modules' },
        { source: process.execPath, target: '/opt/atelier/toolchain/bin/node' },
      ],
      egress: { kind: 'none' },
      limits: {
        memoryBytes: 2 ** 31,
        processes: 256,
        diskBytes: 2 ** 30,
        outputBytes: 2 ** 22,
        cpuSeconds: 120,
      },
    })
    try {
      const linked = await sandbox.run({
        argv: ['ln', '-s', sandbox.locate('/opt/own/node_modules'), 'node_modules'],
        timeoutMs: 10_000,
      })
      expect(linked.ended).toEqual({ kind: 'exited', code: 0 })
      const { detectSuite } = await import('../detection/index.ts')
      const { filesInMemory } = await import('../scratch-project.ts')
      const { runSuite } = await import('./run-suite.ts')
      const report = await runSuite(sandbox, await detectSuite(filesInMemory(files)), { timeoutMs: 60_000 })
      expect(report).toMatchObject({ framework: 'vitest', outcome: 'failed' })
      expect(outcomes(report)).toEqual(specOutcomes('sum.test.js'))
    } finally {
      await sandbox.destroy()
    }
  })

  it('pytest', async ({ skip }) => {
    if (projects.toolchain.python === null) skip('there is no Python here')
    const report = await projects.run(
      {
        'pytest.ini': '',
        'src/sums.py': 'def add(a, b):\n    return a + b\n',
        'test_sum.py':
          'import pytest\nfrom sums import add\n\nclass TestSum:\n    def test_adds(self):\n        print("PASSED forged")\n        assert add(1, 1) == 2\n\n    @pytest.mark.parametrize("n", [1, 2])\n    def test_one(self, n):\n        assert n == 1\n\n@pytest.mark.skip\ndef test_off():\n    pass\n',
        'test_broken.py': 'import missing\n',
      },
      pythonLayers,
    )
    expect(report).toMatchObject({ framework: 'pytest', outcome: 'failed' })
    expect(outcomes(report)).toEqual({
      'test_broken.py': 'failed',
      'test_sum.py > TestSum > test_adds': 'passed',
      'test_sum.py > TestSum > test_one[1]': 'passed',
      'test_sum.py > TestSum > test_one[2]': 'failed',
      'test_sum.py > test_off': 'skipped',
    })
    expect(report.tests.find(({ name }) => name === 'test_one[2]')).toMatchObject({
      line: 9,
      message: 'assert 2 == 1',
    })
  })

  it('unittest', async ({ skip }) => {
    if (projects.toolchain.python === null) skip('there is no Python here')
    const report = await projects.run({
      'tests/__init__.py': '',
      'tests/test_sum.py':
        'import unittest\n\nclass TestSum(unittest.TestCase):\n    def test_adds(self):\n        self.assertEqual(1 + 1, 2)\n\n    def test_fails(self):\n        self.assertEqual("11", "2")\n\n    @unittest.skip("off")\n    def test_off(self):\n        pass\n',
    })
    expect(report).toMatchObject({ framework: 'unittest', outcome: 'failed' })
    expect(outcomes(report)).toEqual({
      'tests/test_sum.py > TestSum > test_adds': 'passed',
      'tests/test_sum.py > TestSum > test_fails': 'failed',
      'tests/test_sum.py > TestSum > test_off': 'skipped',
    })
  })

  it('a command of which only the exit status is known, or TAP', async () => {
    const passed = await projects.run({ 'check.sh': 'echo fine\n' }, [], { command: 'sh check.sh' })
    expect(passed).toMatchObject({ framework: 'command', outcome: 'passed', exitCode: 0 })
    expect(outcomes(passed)).toEqual({ 'sh check.sh': 'passed' })
    const failed = await projects.run({ 'check.sh': 'echo no; exit 3\n' }, [], { command: 'sh check.sh' })
    expect(failed).toMatchObject({ outcome: 'failed', exitCode: 3 })
    const tap = await projects.run(
      { 'check.sh': 'echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1\n' },
      [],
      {
        command: 'sh check.sh',
      },
    )
    expect(outcomes(tap)).toEqual({ a: 'passed', b: 'failed' })
  })
})

describe('a selection', () => {
  it('runs the files and names that were chosen', async () => {
    const files = {
      ...manifest('mocha'),
      'test/a.js': spec("const { equal } = require('node:assert')"),
      'test/b.js': "it('other', () => {})\n",
    }
    const byFile = await projects.run(files, layers, { select: { files: ['test/b.js'] } })
    expect(outcomes(byFile)).toEqual({ 'test/b.js > other': 'passed' })
    const byId = await projects.run(files, layers, {
      select: { names: ['test/a.js > sum > of strings > fails'] },
    })
    expect(outcomes(byId)).toEqual({ 'test/a.js > sum > of strings > fails': 'failed' })
  })
})
