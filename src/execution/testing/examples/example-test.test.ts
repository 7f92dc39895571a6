import { describe, expect, it } from 'vitest'

import { packageEntry, testOfExample } from './index.ts'

const mocha = {
  path: 'test/parse.test.js',
  text: `'use strict'
const assert = require('assert')
const { parse } = require('../lib/parse')
const sinon = require('sinon')

describe('parse', () => {
  it('reads a number', () => { assert.equal(parse('1'), 1) })
})
`,
}
const ofPackage = { packageName: 'numbers', entry: 'lib/index.js' }

describe('a test made of an example', () => {
  it('is in the manner of the tests that are there', () => {
    const made = testOfExample({
      code: `const numbers = require('numbers');\nnumbers.parse(null);`,
      models: [mocha],
      ...ofPackage,
    })
    expect(made).toEqual({
      path: 'test/issue-example.test.js',
      title: 'the example of the issue',
      comparesValues: false,
      text: `const numbers = require('../lib/index.js')

it('the example of the issue', async () => {
  numbers.parse(null)
})
`,
    })
  })

  it('imports as its model does, whatever the issue wrote', () => {
    const model = {
      path: 'src/parse/test.ts',
      text: `import { describe, it } from 'vitest'\nimport { parse } from './index'\ndescribe('a', () => { it('b', () => { parse('1') }) })`,
    }
    const made = testOfExample({
      code: `const { parse: read } = require('numbers')\nread('x')`,
      models: [model],
      packageName: 'numbers',
      entry: 'src/index.ts',
    })
    expect(made?.path).toBe('src/parse/issue-example.test.ts')
    expect(made?.text).toContain(`import { parse as read } from '../index.ts'`)
    expect(made?.text).toContain(`import { describe, it } from 'vitest'`)
    const common = testOfExample({
      code: `import numbers, { parse } from 'numbers'\nparse('x')`,
      models: [mocha],
      ...ofPackage,
    })
    expect(common).toBeNull()
    const named = testOfExample({
      code: `import { parse as read } from 'numbers'\nread('x')`,
      models: [mocha],
      ...ofPackage,
    })
    expect(named?.text).toContain(`const { parse: read } = require('../lib/index.js')`)
  })

  it('takes names that it does not declare from the imports of its model', () => {
    const made = testOfExample({ code: `parse(undefined)`, models: [mocha], ...ofPackage })
    expect(made?.text).toContain(`const { parse } = require('../lib/parse')`)
    expect(made?.text).not.toContain('sinon')
    expect(testOfExample({ code: `nobody.knows()`, models: [mocha], ...ofPackage })).toBeNull()
  })

  it('compares with the value that a comment expects', () => {
    const made = testOfExample({
      code: `console.log(parse('1,2')) // expected: [1, 2]\nparse('x') // actual: { a: 1 }`,
      models: [mocha],
      ...ofPackage,
    })
    expect(made?.comparesValues).toBe(true)
    expect(made?.text).toContain(`deepStrictEqual(parse('1,2'), [1, 2])\n  parse('x')`)
    expect(made?.text).toContain(`const { deepStrictEqual } = require('node:assert')`)
    const prose = testOfExample({ code: `parse('1') // should work (see docs)`, models: [mocha], ...ofPackage })
    expect(prose?.comparesValues).toBe(false)
    const hostile = `parse('1') // expected: process.exit()`
    expect(testOfExample({ code: hostile, models: [mocha], ...ofPackage })?.text).not.toContain('exit')
  })

  it('ends the tests of runners that wait for it', () => {
    const tape = {
      path: 'test/parse.js',
      text: `var test = require('tape')\nvar parse = require('../')\ntest('a', function (t) { t.end() })`,
    }
    const made = testOfExample({ code: `parse('a');\n[1].map(parse)`, models: [tape], ...ofPackage })
    expect(made?.path).toBe('test/issue-example.js')
    expect(made?.text).toContain(`test('the example of the issue', (t) => {\n  parse('a')\n  ;[1].map(parse)\n  t.end()\n})`)
  })

  it.each([
    ['prose', 'this is not code'],
    ['nothing', ''],
    ['only imports', `const numbers = require('numbers')`],
    ['a file that nobody has', `const a = require('./my-app')\na()`],
    ['too much', `parse('1');`.repeat(2000)],
  ])('is not made of %s', (_, code) => {
    expect(testOfExample({ code, models: [mocha], ...ofPackage })).toBeNull()
  })
})

describe('packageEntry', () => {
  const paths = new Set(['src/index.ts', 'lib/main.js', 'packages/a/index.js'])

  it('finds the sources, not what a build would make', () => {
    const manifest = { name: 'a', main: 'dist/index.js', exports: { '.': { import: './dist/index.mjs' } } }
    expect(packageEntry(JSON.stringify(manifest), '', paths)).toEqual({ packageName: 'a', entry: 'src/index.ts' })
    expect(packageEntry('{"main":"./lib/main"}', '', paths).entry).toBe('lib/main.js')
    expect(packageEntry('{"name":"a"}', 'packages/a', paths).entry).toBe('packages/a/index.js')
  })

  it.each(['', '[]', '{', '{"name": 3}', 'null'])('is not upset by %s', (manifest) => {
    expect(packageEntry(manifest, 'nowhere', paths).entry).toBeUndefined()
  })
})
