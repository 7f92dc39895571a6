import fc from 'fast-check'
import { structuredPatch } from 'diff'
import { describe, expect, it } from 'vitest'
import { fileKind } from '../../execution/repository/index.ts'
import type { ChangedFile } from './index.ts'
import { reviewTests } from './index.ts'

function changed(path: string, before: string | null, after: string | null): ChangedFile {
  const { hunks } = structuredPatch('a', 'b', before ?? '', after ?? '', '', '', { context: 0 })
  return {
    path,
    oldPath: path,
    status: before === null ? 'added' : after === null ? 'deleted' : 'modified',
    kind: fileKind(path),
    before,
    after,
    addedLines: hunks.flatMap((hunk) =>
      Array.from({ length: hunk.newLines }, (_, index) => hunk.newStart + index),
    ),
    modeChange: null,
  }
}

const review = (path: string, before: string | null, after: string | null) =>
  reviewTests([changed(path, before, after)]).map(({ rule, severity, line }) => ({ rule, severity, line }))
const rules = (before: string | null, after: string | null, path = 'test/parse.test.ts') =>
  review(path, before, after).map(({ rule }) => rule)

const suite = `
import { expect, it, describe } from 'vitest'
import { parse } from '../src/parse.ts'

describe('parse', () => {
  it('reads numbers', () => {
    expect(parse('1')).toEqual({ kind: 'number', value: 1 })
    expect(parse('2')).toBe(2)
  })

  it.each([['a', 1], ['b', 2]])('reads %s', (text, value) => {
    expect(parse(text)).toBe(value)
  })

  it('refuses nonsense', () => {
    expect(() => parse('?')).toThrow(SyntaxError)
  })
})
`

describe('the guard against tests that say less', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      'a deleted test',
      "  it('refuses nonsense', () => {\n    expect(() => parse('?')).toThrow(SyntaxError)\n  })\n",
      '',
      'tests/deleted',
    ],
    ['a skipped test', "it('reads numbers'", "it.skip('reads numbers'", 'tests/skipped'],
    ['a skipped suite', "describe('parse'", "describe.skip('parse'", 'tests/skipped'],
    ['xit', "it('reads numbers'", "xit('reads numbers'", 'tests/skipped'],
    ['xdescribe', "describe('parse'", "xdescribe('parse'", 'tests/skipped'],
    [
      'it.todo',
      "it('refuses nonsense', () => {\n    expect(() => parse('?')).toThrow(SyntaxError)\n  })",
      "it.todo('refuses nonsense')",
      'tests/skipped',
    ],
    ['it.failing', "it('reads numbers'", "it.failing('reads numbers'", 'tests/skipped'],
    ['it.skipIf', "it('reads numbers'", "it.skipIf(true)('reads numbers'", 'tests/skipped'],
    [
      'a skip option',
      "it('reads numbers', () =>",
      "it('reads numbers', { skip: 'slow' }, () =>",
      'tests/skipped',
    ],
    [
      'a skip inside',
      "it('reads numbers', () => {",
      "it('reads numbers', (t) => {\n    t.skip()",
      'tests/skipped',
    ],
    ['only', "it('reads numbers'", "it.only('reads numbers'", 'tests/only'],
    ['fit', "it('reads numbers'", "fit('reads numbers'", 'tests/only'],
    ['a removed assertion', "    expect(parse('2')).toBe(2)\n", '', 'tests/assertion-removed'],
    [
      'a commented assertion',
      "    expect(parse('2'))",
      "    // expect(parse('2'))",
      'tests/assertion-removed',
    ],
    [
      'toEqual made toBeTruthy',
      ".toEqual({ kind: 'number', value: 1 })",
      '.toBeTruthy()',
      'tests/assertion-weakened',
    ],
    ['toBe made not.toBe', '.toBe(2)', '.not.toBe(3)', 'tests/assertion-weakened'],
    ['anything', '.toBe(2)', '.toEqual(expect.anything())', 'tests/assertion-weakened'],
    ['toThrow without the error', '.toThrow(SyntaxError)', '.toThrow()', 'tests/assertion-weakened'],
    ['another expectation', '.toBe(2)', '.toBe(3)', 'tests/expectation-changed'],
    [
      'an early return',
      "it('reads numbers', () => {",
      "it('reads numbers', () => {\n    if (process.env.CI) return",
      'tests/early-return',
    ],
    [
      'a condition',
      "    expect(parse('2'))",
      "    if (parse('2')) expect(parse('2'))",
      'tests/conditional-assertions',
    ],
    [
      'a swallowed error',
      "expect(parse('2')).toBe(2)",
      "try { expect(parse('2')).toBe(2) } catch {}",
      'tests/swallowed-errors',
    ],
    ['fewer rows', "[['a', 1], ['b', 2]]", "[['a', 1]]", 'tests/cases-removed'],
    ['a new mock', "describe('parse'", "vi.mock('../src/parse.ts')\ndescribe('parse'", 'tests/new-mock'],
  ]
  it.each(cases)('sees %s', (_, from, to, rule) => {
    const after = suite.replace(from, to)
    expect(after).not.toBe(suite)
    expect(rules(suite, after)).toContain(rule)
  })

  it('sees a test that was commented out', () => {
    const after = suite.replace(/ {2}it\('refuses[^]*? {2}\}\)\n/, (text) => text.replace(/^(?=.)/gm, '// '))
    expect(rules(suite, after)).toEqual(['tests/commented-out'])
  })

  it('sees a deleted file, a file that no longer parses, and changed snapshots', () => {
    expect(rules(suite, null)).toEqual(['tests/deleted', 'tests/deleted', 'tests/deleted'])
    expect(rules(suite, `${suite}}}}(`)).toEqual(['tests/unreadable'])
    expect(rules('a', 'b', 'test/__snapshots__/a.snap')).toEqual(['tests/snapshot-changed'])
    expect(rules('{}', '{"a":1}', 'test/fixtures/a.json')).toEqual(['tests/support-changed'])
  })

  it('has nothing to say about new tests, formatting and comments', () => {
    const more = suite.replace(/\}\)\n$/, "  it('more', () => { expect(1).toBe(1) })\n})\n")
    expect(rules(suite, more)).toEqual([])
    expect(rules(null, suite)).toEqual([])
    expect(rules(suite, suite.replaceAll('  ', '      '))).toEqual([])
  })

  it('recognises a test that was only renamed, and flags only `only` and skips in new ones', () => {
    expect(rules(suite, suite.replace("'refuses nonsense'", "'refuses what it cannot read'"))).toEqual([])
    expect(rules(null, "it.only('a', () => { expect(1).toBe(1) })")).toEqual(['tests/only'])
    expect(rules(null, "it.skip('a', () => {})")).toEqual(['tests/new-skipped'])
  })

  it('understands chai, node:assert, tap and should', () => {
    const weaken = (before: string, after: string) =>
      rules(`test('a', (t) => { ${before} })`, `test('a', (t) => { ${after} })`, 'test.js')
    expect(weaken('expect(f()).to.deep.equal([1])', 'expect(f()).to.be.ok')).toEqual([
      'tests/assertion-removed',
    ])
    expect(weaken('expect(f()).to.equal(1)', 'expect(f()).to.exist()')).toEqual(['tests/assertion-weakened'])
    expect(weaken('assert.strictEqual(f(), 1)', 'assert.ok(f())')).toEqual(['tests/assertion-weakened'])
    expect(weaken('assert.strictEqual(f(), 1)', 'assert.notStrictEqual(f(), 2)')).toEqual([
      'tests/assertion-weakened',
    ])
    expect(weaken('t.same(f(), [1])', 't.ok(f())')).toEqual(['tests/assertion-weakened'])
    expect(weaken('f().should.equal(1)', 'f().should.be.a("number")')).toEqual(['tests/assertion-weakened'])
    expect(weaken('t.equal(f(), 1)', 't.equal(f(), 2)')).toEqual(['tests/expectation-changed'])
  })
})

const python = `
import pytest

class TestParse:
    def test_numbers(self):
        assert parse("1") == 1
        assert parse("2") == 2

def test_nonsense():
    with pytest.raises(ValueError):
        parse("?")
`

describe('the guard on Python tests', () => {
  it.each([
    ['a deleted test', /def test_nonsense[^]*/, '', 'tests/deleted'],
    [
      'a commented-out test',
      /^def test_nonsense[^]*/m,
      '# def test_nonsense():\n#   pass\n',
      'tests/commented-out',
    ],
    ['a mark', 'def test_nonsense', '@pytest.mark.skip\ndef test_nonsense', 'tests/skipped'],
    ['a skipped class', 'class TestParse', '@unittest.skip("x")\nclass TestParse', 'tests/skipped'],
    ['an expected failure', 'def test_nonsense', '@pytest.mark.xfail\ndef test_nonsense', 'tests/skipped'],
    [
      'a call',
      '        assert parse("1")',
      '        pytest.skip()\n        assert parse("1")',
      'tests/skipped',
    ],
    ['a removed assertion', '        assert parse("2") == 2\n', '', 'tests/assertion-removed'],
    ['a weakened assertion', 'assert parse("2") == 2', 'assert parse("2")', 'tests/assertion-weakened'],
    ['another expectation', 'assert parse("2") == 2', 'assert parse("2") == 3', 'tests/expectation-changed'],
    [
      'a return',
      '        assert parse("1")',
      '        return\n        assert parse("1")',
      'tests/early-return',
    ],
  ])('sees %s', (_, from, to, rule) => {
    expect(rules(python, python.replace(from, to), 'tests/test_parse.py')).toContain(rule)
  })

  it('is silent about new tests', () => {
    expect(rules(python, `${python}\ndef test_more():\n    assert 1 == 1\n`, 'tests/test_parse.py')).toEqual(
      [],
    )
  })
})

describe('texts that nobody can vouch for', () => {
  it('never make the guard throw', () => {
    const piece = fc.constantFrom(
      'it(',
      "'a'",
      ', () => {',
      '})',
      'expect(x)',
      '.toBe(1)',
      '.not',
      'describe.skip',
      '`',
      '\n',
      '// ',
      'try {',
      '} catch {}',
      'def test_a():\n',
      '    assert x == 1\n',
      '@pytest.mark.skip\n',
    )
    const text = fc.oneof(
      fc.array(piece).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(
        text,
        text,
        fc.constantFrom('a.test.js', 'a.test.tsx', 'test_a.py', 'a_test.go'),
        (before, after, path) => {
          expect(Array.isArray(reviewTests([changed(path, before, after)]))).toBe(true)
        },
      ),
    )
  })

  it('never find a flaw in an unchanged file', () => {
    expect(rules(suite, suite)).toEqual([])
    expect(rules(python, python, 'tests/test_parse.py')).toEqual([])
  })

  it('survive deep nesting', () => {
    const deep = `it('a', () => { ${'['.repeat(2_000)}${']'.repeat(2_000)} })`
    expect(rules(deep, deep.replace("'a'", "'b'"))).toBeInstanceOf(Array)
  })
})
