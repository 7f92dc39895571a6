import { createTwoFilesPatch } from 'diff'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { replaceText } from './replace-text.ts'
import { applyHunks, readPatch } from './unified-patch.ts'

const lines = fc.array(
  fc.constantFrom('', 'a', 'b', '  a', '}', '--- x', '+++ y', '@@ -1 +1 @@', '\\ x', 'long line'),
  {
    maxLength: 14,
  },
)
const text = fc
  .tuple(lines, fc.constantFrom('', '\n'))
  .map(([all, end]) => (all.length === 0 ? '' : all.join('\n') + (all.at(-1) === '' ? '\n' : end)))

function applied(before: string, patch: string): string {
  const [file] = readPatch(patch)
  return applyHunks('a.txt', before, file!.hunks)
}

describe('a unified diff', () => {
  test('leads from any text to any other', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after)
        const patch = createTwoFilesPatch('a/a.txt', 'b/a.txt', before, after, undefined, undefined, {
          context: 3,
        })
        // A removed or added line that looks like a file's header cannot be told from one.
        fc.pre(!/^--- (?:x|-- x)$[^]*?^\+\+\+ /m.test(patch.split('\n').slice(4).join('\n')))
        expect(applied(before, patch)).toBe(after)
      }),
      { numRuns: 1_000 },
    )
  })

  test('wrong numbers of lines do no harm when the lines are unique', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 60 }),
        fc.nat(),
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 0, max: 9 }),
        (count, at, wrong, wrongCount) => {
          const before = Array.from({ length: count }, (_, index) => `line ${index}`)
          const place = at % count
          const after = before.with(place, 'changed')
          const patch = createTwoFilesPatch('a/x', 'b/x', before.join('\n') + '\n', after.join('\n') + '\n')
          const misnumbered = patch.replace(
            /^@@ .*@@/m,
            `@@ -${wrong},${wrongCount} +${wrong},${wrongCount} @@`,
          )
          expect(applied(before.join('\n') + '\n', misnumbered)).toBe(after.join('\n') + '\n')
        },
      ),
      { numRuns: 200 },
    )
  })

  test('may lack numbers, prefixes and the spaces of empty lines, and stand within prose', () => {
    const patch = 'Here it is:\n```diff\n--- x.js\n+++ x.js\n@@\n one\n\n-two\n+2\n```'
    expect(() => readPatch(patch)).toThrow(/starts with none of/)
    expect(applied('one\n\ntwo\nthree\n', patch.replace('\n```', '').replace(/\n```$/, '\n'))).toBe(
      'one\n\n2\nthree\n',
    )
  })

  test('keeps the line ends of the file', () => {
    expect(applied('one\r\ntwo\r\n', '--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n')).toBe(
      'one\r\n2\r\n',
    )
  })

  test('names several files, new ones, deleted ones and renamed ones', () => {
    const patch = [
      'diff --git a/new.js b/new.js',
      'new file mode 100644',
      '--- /dev/null',
      '+++ b/new.js',
      '@@ -0,0 +1 @@',
      '+one',
      'diff --git a/old.js b/old.js',
      '--- a/old.js\t2026-01-01',
      '+++ /dev/null',
      '@@ -1 +0,0 @@',
      '-one',
      'diff --git a/from.js b/to.js',
      'similarity index 100%',
      'rename from from.js',
      'rename to to.js',
    ].join('\n')
    expect(readPatch(patch).map(({ oldPath, newPath, hunks }) => [oldPath, newPath, hunks.length])).toEqual([
      [null, 'new.js', 1],
      ['old.js', null, 1],
      ['from.js', 'to.js', 0],
    ])
  })

  test.each([
    ['no diff at all', 'please change it', /names no file/],
    ['a hunk without a file', '@@ -1 +1 @@\n-a\n+b', /stands before any/],
    ['binary content', 'diff --git a/x b/x\nGIT binary patch\nliteral 3', /binary/],
    ['a file without hunks', '--- a/x\n+++ b/x\n', /no hunk/],
  ])('refuses %s', (_what, patch, message) => {
    expect(() => readPatch(patch)).toThrow(message)
  })

  test('says where it does not fit, and which of several places is not meant', () => {
    expect(() => applied('one\ntwo\nthree\n', '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-twoo\n+2\n')).toThrow(
      expect.objectContaining({ code: 'ATL_DEVELOP_TEXT_NOT_FOUND' }),
    )
    expect(() => applied('x\na\nx\na\n', '--- a/x\n+++ b/x\n@@ -9 +9 @@\n-a\n+b\n')).toThrow(/2, 4/)
    expect(applied('x\na\nx\na\n', '--- a/x\n+++ b/x\n@@ -4 +4 @@\n-a\n+b\n')).toBe('x\na\nx\nb\n')
  })
})

describe('replacing text', () => {
  const replace = (before: string, find: string, replacement: string, all = false): string =>
    replaceText('a.js', before, [{ find, replace: replacement, all }])

  test('changes the only occurrence and nothing else', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.string({ minLength: 1 }),
        fc.string(),
        (head, tail, find, put) => {
          const before = head + find + tail
          fc.pre(find !== put && before.split(find).length === 2 && !before.includes('\r'))
          expect(replace(before, find, put)).toBe(head + put + tail)
        },
      ),
    )
  })

  test('does not read replacements as patterns', () => {
    expect(replace('cost', 'cost', "$& $1 $$ $'")).toBe("$& $1 $$ $'")
  })

  test('replaces all where that is asked for, and understands the line ends of the file', () => {
    expect(replace('a b a', 'a', 'c', true)).toBe('c b c')
    expect(replace('a\r\nb\r\n', 'a\nb', 'c\nd')).toBe('c\r\nd\r\n')
  })

  test.each([
    ['in which lines it stands', 'a\nb\na\n', 'a', /2 times, in lines 1, 3/],
    [
      'that only white space differs',
      'if (x) {\n\treturn 1\n}\n',
      'if (x) {\n  return 1\n}',
      /only white space differs from lines 1 to 3/,
    ],
    ['that line numbers were copied along', 'a\nb\n', '1\ta\n2\tb', /line numbers of files.read/],
    [
      'the most similar place',
      'const a = 1\nconst total = price * tax\n',
      'const total = price + tax',
      /the most similar place is lines 2 to 2:\n2\tconst total = price \* tax/,
    ],
    ['that nothing is like it', 'const a = 1\n', 'zzz', /nothing in the file is like it/],
    ['that the file is empty', '', 'zzz', /empty/],
  ])('says %s', (_what, before, find, message) => {
    expect(() => replace(before, find, 'c')).toThrow(message)
  })

  test('says which of several edits does not fit, and makes none of them', () => {
    const edits = [
      { find: 'a', replace: 'b', all: false },
      { find: 'a', replace: 'c', all: false },
    ]
    expect(() => replaceText('a.js', 'a', edits)).toThrow(/edit 2 of 2/)
  })

  test('looks for what was meant in bounded time', () => {
    const before = Array.from(
      { length: 20_000 },
      (_, index) => `const value${index} = compute(${index})`,
    ).join('\n')
    const find = Array.from({ length: 2_000 }, (_, index) => `const other${index} = compute(${index})`).join(
      '\n',
    )
    expect(() => replace(before, find, '')).toThrow(/most similar place/)
  })
})
