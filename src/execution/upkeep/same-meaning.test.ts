import fc from 'fast-check'
import { format } from 'oxfmt'
import { describe, expect, it } from 'vitest'
import { compareMeaning } from './same-meaning.ts'

describe('two texts mean the same', () => {
  it.each([
    [
      'a.js',
      'const a = "x";;\nif (a && (b && c)) d()',
      "const a = 'x'\nif (a && b && c) {\n  d()\n}",
      'different',
    ],
    ['a.js', 'const a = "x";;\nf((a && (b && c)))', "const a = 'x'\nf(a && b && c)", 'same'],
    ['a.js', "x = { 'a': 1, b: 0XFF }", 'x = { a: 1, b: 0xff }', 'same'],
    ['a.js', 'f(a - (b - c))', 'f(a - b - c)', 'different'],
    ['a.ts', 'type A = | (string)', 'type A = string', 'same'],
    ['a.ts', 'type A = string', 'type A = number', 'different'],
    [
      'a.jsx',
      '<a  className=" x  y ">one\n  two{" "}\n</a>',
      '<a className="x y">\n  one two{" "}\n</a>',
      'same',
    ],
    ['a.jsx', '<a>one two</a>', '<a>onetwo</a>', 'different'],
    ['a.js', 'x = css`a{b:c}`', 'x = css`\n  a {\n    b: c;\n  }\n`', 'different'],
    ['a.js', 'x = css`a{b:c;}`', 'x = css`\n  a {\n    b: c;\n  }\n`', 'same'],
    ['a.js', 'x = `a b`', 'x = `a  b`', 'different'],
    ['a.json', '{"a":[1,2]}', '{ "a": [1, 2] }\n', 'same'],
    ['a.json', '{"a":1} // c', '{\n  // c\n  "a": 1,\n}\n', 'same'],
    ['a.json', '{"a":1}', '{"a":2}', 'different'],
    ['a.yaml', 'a:   1\nb: [x]', 'a: 1\nb:\n  - x\n', 'same'],
    ['a.yaml', 'a: 1', 'a: "1"', 'different'],
    ['a.js', 'a = (', 'a = (', 'not-compared'],
    ['a.css', 'a{}', 'a {\n}\n', 'not-compared'],
  ] as const)('%s %#', (path, before, after, expected) => {
    expect(compareMeaning(path, before, after)).toBe(expected)
  })

  it('whatever a formatter makes of an expression, and never when a number in it changes', async () => {
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('a', '1', '"s"', 'null', '/x/gi', '`t`', 'this'),
        fc
          .tuple(tie('expression'), fc.constantFrom('+', '-', '&&', '||', '===', ','), tie('expression'))
          .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
        fc.tuple(tie('expression'), tie('expression')).map(([of, value]) => `f(${of}, { 'k': ${value} })`),
        fc.tuple(tie('expression')).map(([body]) => `(async x => (${body}))`),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(expression, async (text) => {
        const before = `use(4711, ${text});;`
        const { code: after } = await format('a.js', before, { semi: false, singleQuote: true })
        expect(compareMeaning('a.js', before, after)).toBe('same')
        expect(compareMeaning('a.js', before, after.replace('4711', '4712'))).toBe('different')
      }),
      { numRuns: 150 },
    )
  })
})
