import { describe, expect, it } from 'vitest'
import { filesInMemory } from '../scratch-project.ts'
import { affectedTestFiles, detectSuite } from '../index.ts'

const tape = "const test = require('tape')\n"

async function detect(scripts: Record<string, string>, files: Record<string, string> = {}) {
  return detectSuite(filesInMemory({ 'package.json': JSON.stringify({ scripts }), ...files }))
}

/** What stands behind the program in a detected invocation. */
function words(suite: Awaited<ReturnType<typeof detect>>): readonly string[] {
  return suite.invocation.arguments.map(({ raw }) => raw)
}

describe('the scripts of package.json', () => {
  it.each([
    ['vitest run', 'vitest', ['run']],
    ['jest', 'jest', []],
    ['mocha --reporter dot', 'mocha', ['--reporter', 'dot']],
    ['tap', 'tap', []],
    ["nyc tape 'test/**/*.js'", 'tape', ["'test/**/*.js'"]],
    ['c8 --reporter=lcov --all tap -J', 'tap', ['-J']],
    [
      'c8 --reporter html borp --reporter=@jsumners/line-reporter',
      'node:test',
      ['--reporter=@jsumners/line-reporter'],
    ],
    ['ava --verbose', 'ava', ['--verbose']],
    ['jasmine --config=jasmine.json', 'jasmine', ['--config=jasmine.json']],
    ['node --test test/', 'node:test', ['test/']],
    ['tsx --test src/**/*.test.ts', 'node:test', ['src/**/*.test.ts']],
    ['node --experimental-vm-modules node_modules/jest/bin/jest.js --colors', 'jest', ['--colors']],
    ['./node_modules/.bin/mocha -r esm test/*.js', 'mocha', ['-r', 'esm', 'test/*.js']],
    ['npx --yes vitest', 'vitest', []],
    ['standard | snazzy && tap -J test/*.test.js', 'tap', ['-J', 'test/*.test.js']],
    ['istanbul cover _mocha -- -R spec', 'command', []],
    ['xvfb-run -a mocha', 'mocha', []],
  ])('%s', async (script, framework, expected) => {
    const suite = await detect({ test: script })
    expect(suite.framework).toBe(framework)
    if (framework !== 'command') expect(words(suite)).toEqual(expected)
  })

  it('follows scripts to the runner and keeps variables and further arguments', async () => {
    const suite = await detect({
      pretest: 'eslint .',
      test: 'npm run lint && cross-env TZ=UTC npm run unit -- --grep "two words"',
      lint: 'eslint .',
      unit: 'NODE_ENV=test mocha',
      posttest: 'npx aud',
    })
    expect(suite.invocation).toMatchObject({ program: 'mocha', environment: { TZ: 'UTC', NODE_ENV: 'test' } })
    expect(words(suite)).toEqual(['--grep', '"two words"'])
    expect(suite.explanation[0]).toContain('`test` → `unit`')
  })

  it('takes the command that covers most, and names the others', async () => {
    const suite = await detect({
      test: 'TZ=Pacific/Auckland npm run test-tz && npm run test-tz && jest',
      'test-tz': 'date && jest test/timezone.test --coverage=false',
    })
    expect(suite.command).toBe('jest')
    expect(suite.alternatives.map(({ command }) => command)).toEqual([
      'TZ=Pacific/Auckland jest test/timezone.test --coverage=false',
      'jest test/timezone.test --coverage=false',
    ])
  })

  it('runs builds that the tests need, but no checks', async () => {
    const suite = await detect({
      pretest: 'npm run build && eslint . && tsc --noEmit',
      build: 'rollup -c',
      test: 'mocha dist',
    })
    expect(suite.preparation).toEqual(['rollup -c'])
  })

  it('sees which framework a plain program uses, also through what it loads', async () => {
    const suite = await detect(
      { test: 'covert test' },
      { 'test/index.js': "require('./parse')\n", 'test/parse.js': tape },
    )
    expect(suite).toMatchObject({ framework: 'tape', invocation: { program: 'node' } })
    expect(words(suite)).toEqual(['test/index.js'])
  })

  it('runs a script that it does not understand as a whole', async () => {
    const suite = await detect({ test: 'for f in test/*.js; do node "$f"; done' })
    expect(suite).toMatchObject({ framework: 'command', command: 'for f in test/*.js; do node "$f"; done' })
  })

  it('is not led in circles', async () => {
    await expect(detect({ test: 'npm run again', again: 'npm test' })).resolves.toMatchObject({
      framework: 'command',
    })
  })
})

describe('repositories without a test script', () => {
  it('goes by the dependencies', async () => {
    const manifest = {
      scripts: { test: 'echo "Error: no test specified" && exit 1' },
      devDependencies: { vitest: '^3.0.0' },
    }
    const suite = await detectSuite(
      filesInMemory({ 'package.json': JSON.stringify(manifest), 'vitest.config.ts': '' }),
    )
    expect(suite).toMatchObject({ framework: 'vitest', command: 'vitest' })
  })

  it('goes by what test files import', async () => {
    const suite = await detect({}, { 'test/a.test.js': "import test from 'node:test'\n" })
    expect(suite).toMatchObject({ framework: 'node:test', command: 'node --test' })
  })

  it.each([
    ['pytest.ini', '', 'pytest'],
    ['pyproject.toml', '[tool.pytest.ini_options]\n', 'pytest'],
    ['tests/test_a.py', 'def test_a():\n    assert True\n', 'pytest'],
    ['tests/test_a.py', 'import unittest\n', 'unittest'],
  ])('Python: %s', async (file, text, framework) => {
    const suite = await detectSuite(filesInMemory({ 'a.py': '', [file]: text }))
    expect(suite).toMatchObject({ framework, packageManager: 'pip' })
  })

  it('says so when there are no tests', async () => {
    await expect(detect({ build: 'tsc' })).rejects.toMatchObject({ code: 'ATL_TESTING_NO_TESTS' })
    await expect(detectSuite(filesInMemory({ 'README.md': '' }))).rejects.toMatchObject({
      code: 'ATL_TESTING_NO_TESTS',
    })
  })

  it('says so when package.json is broken', async () => {
    await expect(detectSuite(filesInMemory({ 'package.json': '{' }))).rejects.toMatchObject({
      code: 'ATL_TESTING_MANIFEST_UNREADABLE',
    })
  })
})

describe('a command that a person gives', () => {
  const files = filesInMemory({
    'package.json': JSON.stringify({ scripts: { test: 'jest', unit: 'mocha test/unit' } }),
  })

  it.each([
    ['npm run unit', 'mocha'],
    ['npm test', 'jest'],
    ['npx jest src/a.test.js', 'jest'],
    ['python -m pytest -q tests', 'pytest'],
    ['poetry run pytest', 'pytest'],
    ['make check', 'command'],
  ])('%s', async (command, framework) => {
    const suite = await detectSuite(files, { command })
    expect(suite.framework).toBe(framework)
    expect(suite.explanation[0]).toContain(command)
  })
})

describe('the tests that a change affects', () => {
  it('are those that load it, directly or through others', async () => {
    const files = filesInMemory({
      'package.json': '{ "main": "lib/index.js" }',
      'lib/index.js': "require('./parse')\n",
      'lib/parse.js': '',
      'lib/other.js': '',
      'test/all.js': "const all = require('../')\n",
      'test/parse.js': "import parse from '../lib/parse.js'\n",
      'test/other.js': "require('../lib/other')\n",
    })
    const tests = ['test/all.js', 'test/parse.js', 'test/other.js']
    await expect(affectedTestFiles(['lib/parse.js'], tests, files)).resolves.toEqual(tests.slice(0, 2))
    await expect(affectedTestFiles(['test/other.js'], tests, files)).resolves.toEqual(['test/other.js'])
  })
})
