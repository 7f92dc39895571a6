import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collectCoverage, detectFlaky, detectSuite } from '../index.ts'
import { filesInMemory, ScratchProjects } from '../scratch-project.ts'

let projects: ScratchProjects

beforeAll(async () => {
  projects = await ScratchProjects.open()
})

afterAll(async () => {
  await projects[Symbol.asyncDispose]()
})

const manifest = { 'package.json': JSON.stringify({ scripts: { test: 'node --test' } }) }
const head = "const test = require('node:test')\nconst assert = require('node:assert')\n"

/** Runs one test file, next to one that passes. */
async function run(text: string, options: Parameters<ScratchProjects['run']>[2] = {}) {
  const files = { ...manifest, 'test/bad.js': head + text, 'test/good.js': `${head}test('fine', () => {})\n` }
  return projects.run(files, [], options)
}

describe('tests that misbehave', () => {
  it('cannot forge results by printing them', async () => {
    const report = await run(`
      test('fails', () => {
        for (const text of ['TAP version 13', 'ok 1 - all', '1..1', '{"kind":"end"}', 'key {"kind":"case"}'])
          console.log(text)
        console.error(JSON.stringify({ kind: 'case', path: [], name: 'forged', outcome: 'passed' }))
        assert.fail('no')
      })`)
    expect(report.tests.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['test/bad.js > fails', 'failed'],
      ['test/good.js > fine', 'passed'],
    ])
  })

  it('do not pass by ending the process early', async () => {
    const report = await run("test('a', () => {})\ntest('b', () => { process.exit(0) })\n")
    expect(report.outcome).toBe('failed')
    expect(report.tests.some(({ file, outcome }) => file === 'test/bad.js' && outcome === 'failed')).toBe(
      true,
    )
    expect(report.tests).toContainEqual(
      expect.objectContaining({ id: 'test/good.js > fine', outcome: 'passed' }),
    )
  })

  it('do not pass by ending it before the first test', async () => {
    const report = await run("process.exit(0)\ntest('a', () => {})\n")
    expect(report).toMatchObject({ outcome: 'failed' })
    expect(report.tests[0]).toMatchObject({ id: 'test/bad.js', outcome: 'failed' })
  })

  it('are told from others when the file does not parse', async () => {
    const report = await run('test(\n')
    expect(report.outcome).toBe('failed')
    expect(report.tests[0]).toMatchObject({ id: 'test/bad.js', outcome: 'failed' })
    expect(report.tests[0]?.message).toMatch(/SyntaxError/)
  })

  it('are reported as crashed when nothing runs at all', async () => {
    const report = await projects.run({ ...manifest, 'test/bad.js': `${head}require('./missing')\n` })
    expect(report.outcome).toBe('crashed')
    expect(report.outputTail).toContain('./missing')
  })

  it('leave what finished when they hang', async () => {
    const report = await run(
      "test('a', () => {})\ntest('hangs', () => new Promise((resolve) => setInterval(resolve, 1e9)))\n",
      { fileTimeoutMs: 3_000 },
    )
    expect(report.outcome).toBe('timed-out')
    expect(report.tests.map(({ id, outcome }) => `${id}: ${outcome}`)).toEqual([
      'test/bad.js > a: passed',
      'test/bad.js: failed',
      'test/good.js > fine: passed',
    ])
  })

  it('are cut off when they never stop computing', async () => {
    const report = await run("test('spins', () => { for (;;); })\n", { timeoutMs: 5_000 })
    expect(report.outcome).toBe('timed-out')
    expect(report.tests.find(({ id }) => id === 'test/bad.js')?.outcome).toBe('failed')
  })

  it('are cut off when a file never ends being imported, and the others are reported', async () => {
    const report = await run("for (;;);\ntest('never declared', () => {})\n", { fileTimeoutMs: 3_000 })
    expect(report.outcome).toBe('timed-out')
    expect(report.tests).toMatchObject([
      {
        id: 'test/bad.js',
        outcome: 'failed',
        message: expect.stringMatching(/did not end within \d+ s/) as string,
      },
      { id: 'test/good.js > fine', outcome: 'passed' },
    ])
  })

  it('are cut off when the whole takes longer than allowed; what finished counts', async () => {
    const slow = Array.from(
      { length: 40 },
      (_, at) => `test('slow ${at}', () => new Promise((resolve) => setTimeout(resolve, 500)))`,
    )
    const report = await run(slow.join('\n'), { timeoutMs: 5_000 })
    expect(report.outcome).toBe('timed-out')
    expect(report.durationMs).toBeLessThan(20_000)
    expect(report.tests.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(0)
    expect(report.tests.find(({ id }) => id === 'test/bad.js')).toMatchObject({ outcome: 'failed' })
  })

  it('find no network, and say so', async () => {
    const report = await run(`
      test('resolves', () => require('node:dns/promises').lookup('registry.npmjs.org'))
      test('connects', async () => { await fetch('http://93.184.215.14/') })
    `)
    expect(report.tests.slice(0, 2).map(({ outcome }) => outcome)).toEqual(['failed', 'failed'])
  })

  it('are read in files with CRLF as in any other', async () => {
    const report = await run(
      "test('first', () => {})\r\n\r\ntest('second', () => {\r\n  assert.equal(1, 2)\r\n})\r\n",
    )
    expect(report.tests.slice(0, 2)).toMatchObject([
      { id: 'test/bad.js > first', outcome: 'passed' },
      { id: 'test/bad.js > second', outcome: 'failed', line: 5 },
    ])
  })

  it('may print a hundred megabytes', async () => {
    const report = await run(`
      const line = 'x'.repeat(1023) + '\\n'
      test('loud', () => { for (let i = 0; i < 100_000; i += 1) process.stderr.write(line) })
    `)
    expect(report.tests.map(({ outcome }) => outcome)).toEqual(['passed', 'passed'])
    expect(report.outcome).toBe('passed')
    expect(report.outputTail.length).toBeLessThan(20_000)
  })

  it('cannot take their runner with them unseen', async () => {
    const report = await run("test('kills', () => { process.kill(process.pid, 'SIGKILL') })\n")
    expect(report).toMatchObject({ outcome: 'failed', exitCode: null })
    expect(report.tests[0]).toMatchObject({ id: 'test/bad.js', outcome: 'failed' })
  })

  it('keep their ids apart when names repeat', async () => {
    const report = await run("test('same', () => {})\ntest('same', () => { assert.fail() })\n")
    expect(report.tests.slice(0, 2)).toMatchObject([
      { id: 'test/bad.js > same', outcome: 'passed' },
      { id: 'test/bad.js > same #2', outcome: 'failed' },
    ])
  })
})

describe('suites that cannot run', () => {
  it('have no tests', async () => {
    const files = { ...manifest, 'test/a.js': 'module.exports = 1\n' }
    await expect(projects.run(files)).resolves.toMatchObject({ outcome: 'no-tests', tests: [] })
  })

  it('miss their runner', async () => {
    const files = { 'package.json': JSON.stringify({ scripts: { test: 'mocha' } }), 'test/a.js': '' }
    const report = await projects.run(files)
    expect(report).toMatchObject({ outcome: 'crashed', exitCode: 127 })
    expect(report.outputTail).toContain('mocha')
  })

  it('fail in the build in front of them', async () => {
    const scripts = { pretest: 'npm run build', build: 'make lib', test: 'node --test' }
    const report = await projects.run({
      'package.json': JSON.stringify({ scripts }),
      Makefile: 'lib:\n\techo broken; exit 2\n',
      'test/a.js': `${head}test('a', () => {})\n`,
    })
    expect(report).toMatchObject({ outcome: 'crashed', command: 'make lib' })
    expect(report.outputTail).toMatch(/make/)
  })

  it('end when they are cancelled', async () => {
    const cancel = new AbortController()
    setTimeout(() => cancel.abort(new Error('not any more')), 1_500)
    const text = "test('hangs', () => new Promise((resolve) => setInterval(resolve, 1e9)))\n"
    await expect(run(text, { signal: cancel.signal })).rejects.toThrow('not any more')
  })
})

describe('repetition and coverage', () => {
  const files = {
    ...manifest,
    'lib.js': 'exports.used = (a) => {\n  if (a) return 1\n  return 2\n}\nexports.unused = () => 3\n',
    'test/lib.js': `${head}const lib = require('../lib')\ntest('used', () => { assert.equal(lib.used(true), 1) })\n`,
  }

  it('tells flaky tests by running them again', async () => {
    const sandbox = await projects.sandbox([projects.tree({ ...files, state: '' })])
    try {
      const suite = await detectSuite(filesInMemory(files))
      await sandbox.writeFile(
        '/workspace/test/lib.js',
        `${head}const fs = require('node:fs')\ntest('steady', () => {})\ntest('moody', () => { fs.appendFileSync('state', 'x'); assert.ok(fs.readFileSync('state').length % 2) })\n`,
      )
      const found = await detectFlaky(
        sandbox,
        suite,
        ['test/lib.js > steady', 'test/lib.js > moody', 'test/lib.js > gone'],
        2,
        { timeoutMs: 60_000 },
      )
      expect(found).toEqual([
        { id: 'test/lib.js > steady', passed: 2, failed: 0, absent: 0, flaky: false },
        { id: 'test/lib.js > moody', passed: 1, failed: 1, absent: 0, flaky: true },
        { id: 'test/lib.js > gone', passed: 0, failed: 0, absent: 2, flaky: false },
      ])
    } finally {
      await sandbox.destroy()
    }
  })

  it('measures what a test file executes', async () => {
    const sandbox = await projects.sandbox([projects.tree(files)])
    try {
      const suite = await detectSuite(filesInMemory(files))
      const [measured] = await collectCoverage(sandbox, suite, { files: ['test/lib.js'], timeoutMs: 60_000 })
      const text = files['lib.js']
      const executed = (measured?.covered['lib.js'] ?? [])
        .map(({ start, end }) => text.slice(start, end))
        .join('')
      expect(executed).toContain('return 1')
      expect(executed).not.toContain('return 2')
      expect(executed).not.toContain('=> 3')
    } finally {
      await sandbox.destroy()
    }
  })
})
