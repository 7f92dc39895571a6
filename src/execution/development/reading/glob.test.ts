import fc from 'fast-check'
import { matchesGlob } from 'node:path'
import { expect, test } from 'vitest'
import { compileGlob } from './glob.ts'

test.each([
  ['**/*.ts', 'a.ts', true],
  ['**/*.ts', 'a/b/c.ts', true],
  ['*.ts', 'a/b.ts', false],
  ['src/**', 'src/a/b.js', true],
  ['src/**', 'lib/src/a.js', false],
  ['**/{a,b}/*.{js,ts}', 'x/b/y.ts', true],
  ['{a,{b,c}}.md', 'c.md', true],
  ['[a-c]?[!0-9].txt', 'bxz.txt', true],
  ['[a-c]?[!0-9].txt', 'bx1.txt', false],
  ['[]]x', ']x', true],
  ['[', '[', true],
  ['{a}', '{a}', true],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b', true],
  ['**', 'a/b', true],
  ['*', '.env', false],
  ['.*', '.env', true],
])('%s matches %s: %s', (pattern, path, expected) => {
  expect(compileGlob(pattern)?.matches(path)).toBe(expected)
})

test("agrees with Node's own on patterns of letters, stars and questions", () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 5 })
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          part.filter((text) => !text.includes('**')),
          fc.constant('**'),
        ),
        { minLength: 1, maxLength: 4 },
      ),
      fc.array(name, { minLength: 1, maxLength: 4 }),
      (parts, names) => {
        // Two `**` in a row, and one at the end, are read in different ways.
        fc.pre(parts.at(-1) !== '**' && !parts.join('/').includes('**/**'))
        const [pattern, path] = [parts.join('/'), names.join('/')]
        expect(compileGlob(pattern)?.matches(path), `${pattern} ${path}`).toBe(matchesGlob(path, pattern))
      },
    ),
    { numRuns: 500 },
  )
})

test('takes no longer for patterns that make others backtrack', () => {
  const glob = compileGlob('*a'.repeat(120) + 'b')
  expect(glob?.matches('a'.repeat(4_000))).toBe(false)
  const deep = compileGlob('**/a/'.repeat(80) + 'b')
  expect(deep?.matches('a/'.repeat(2_000) + 'c')).toBe(false)
})

test('refuses what stands for too many patterns', () => {
  expect(compileGlob('{a,b}'.repeat(7))).toBeUndefined()
  expect(compileGlob('a'.repeat(600))).toBeUndefined()
})
