import { describe, expect, it } from 'vitest'

import { readFailure } from './failure-values.ts'
import { gatherVocabulary } from './vocabulary.ts'

describe('readFailure', () => {
  it.each([
    [
      'jest',
      'expect(received).toBe(expected)\n\nExpected: "febr."\nReceived: "febr"',
      { expected: 'febr.', actual: 'febr' },
    ],
    [
      'jest in colour',
      'Expected: \u001b[32m"a"\u001b[39m\nReceived: \u001b[31m"b"\u001b[39m',
      { expected: 'a', actual: 'b' },
    ],
    [
      'jest diff',
      '- Expected  - 1\n+ Received  + 1\n\n  Array [\n-   "janv.",\n+   "janv",\n  ]',
      { expected: 'janv.', actual: 'janv' },
    ],
    ['node:assert', "Expected values to be strictly equal:\n\n'a' !== 'b'\n", { expected: 'b', actual: 'a' }],
    ['node:assert diff', '+ actual - expected\n\n  [\n+   1\n-   2\n  ]', { expected: '2', actual: '1' }],
    ['chai', "expected 'x' to equal 'y'", { expected: 'y', actual: 'x' }],
    ['tape', "    expected: 'a=%01'\n    actual:   'a=%1'", { expected: 'a=%01', actual: 'a=%1' }],
    [
      'tap',
      '--- expected\n+++ actual\n@@ -1 +1 @@\n-2.0.0-beta.0\n+2.0.0-0',
      { expected: '2.0.0-beta.0', actual: '2.0.0-0' },
    ],
  ])('reads what %s expected and got', (_, message, pair) => {
    expect(readFailure(message).pairs).toContainEqual(pair)
  })

  it.each([
    ["TypeError: Cannot read properties of null (reading 'value')", 'value'],
    ["TypeError: Cannot read property 'value' of undefined", 'value'],
    ['TypeError: val.indexOf is not a function', 'indexOf'],
    ['TypeError: items is not iterable', 'items'],
  ])('finds what a crash is about in %s', (message, name) => {
    const signs = readFailure(message)
    expect(signs.crash).toBe('TypeError')
    expect(signs.crashNames).toContain(name)
  })

  it('notices an error that does not come', () => {
    expect(readFailure('Missing expected exception.').missingError).toBe(true)
    expect(readFailure('Received function did not throw').missingError).toBe(true)
    expect(readFailure('1 !== 2').missingError).toBe(false)
  })

  it('copes with endless messages', () => {
    const before = process.cpuUsage()
    readFailure(`${'a'.repeat(1_000_000)}\n${'- x\n+ y\n'.repeat(100_000)}`)
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000)
  })
})

describe('gatherVocabulary', () => {
  const suite = `describe('options', () => {
  it('is strict', () => { match('a/b', { strictDepth: true }, 7) })
  it('is loose', () => { other({ looseDepth: false }) })
})`
  const failing = { id: 's > is strict', name: 'is strict', file: 'test/a.js', outcome: 'failed' as const }
  const reproduction = {
    failing: [failing],
    passing: [],
    failingFiles: ['test/a.js'],
    testFiles: ['test/a.js'],
  }

  it('listens to the failing test and not to its neighbours', () => {
    const vocabulary = gatherVocabulary({
      sources: [],
      tests: [{ path: 'test/a.js', text: suite }],
      reproduction,
    })
    expect(vocabulary.keys).toEqual(['strictDepth'])
    expect(vocabulary.strings).toContain('a/b')
    expect(vocabulary.numbers).toEqual([7])
    expect(vocabulary.words.has('strict')).toBe(true)
    expect(vocabulary.names.has('other')).toBe(false)
  })

  it('gives most weight to new lines', () => {
    const tests = [{ path: 'test/a.js', text: suite }]
    const vocabulary = gatherVocabulary({
      sources: [],
      tests,
      reproduction,
      newTestLines: { 'test/a.js': [2] },
    })
    expect(vocabulary.names.get('strictDepth')).toBe(1)
  })

  it('takes words from the issue, and names from what it marks as code', () => {
    const vocabulary = gatherVocabulary({
      sources: [],
      tests: [],
      reproduction,
      issue: 'The `parseKeys` function forgets brackets',
    })
    expect(vocabulary.names.get('parseKeys')).toBeGreaterThan(0)
    expect(vocabulary.words.has('brackets')).toBe(true)
  })
})
