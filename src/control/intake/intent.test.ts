import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { intentSchema } from '../../contracts/index.ts'
import { normaliseIntent } from './index.ts'

const bugReport = `
### Describe the bug

\`isWithinInterval\` returns the wrong answer when the dates of the interval are swapped, see \`src/isWithinInterval/index.ts\`
and https://github.com/date-fns/date-fns/blob/main/src/_lib/toDate/index.ts#L12. It worked before \`parseISO(text)\` changed.

### To reproduce

\`\`\`js
import { isWithinInterval } from 'date-fns'
isWithinInterval(new Date(2014, 0, 3), { start: new Date(2014, 0, 7), end: new Date(2014, 0, 1) })
\`\`\`

\`\`\`
RangeError: Invalid interval
    at isWithinInterval (/home/ada/app/src/isWithinInterval/index.ts:33:11)
    at async Object.run [as go] (file:///home/ada/app/src/run%20it.mjs:7:3)
    at new Parser (C:\\app\\src\\parser.js:10:5)
    at /home/ada/app/src/top.js:1:1
    at Module._compile (node:internal/modules/cjs/loader:1198:14)
    at Runner.runTest (/home/ada/app/node_modules/mocha/lib/runner.js:5:1)
\`\`\`

\`\`\`console
$ npm test -- isWithinInterval
  ✖ accepts a swapped interval (3.2ms)
\`\`\`

### Expected behavior

- returns true for a date inside
- [ ] has a test in src/isWithinInterval/test.ts

### Environment

Node 24, \`npm run build\`
`

describe('normaliseIntent', () => {
  const intent = normaliseIntent({ title: 'Swapped  intervals are wrong', body: bugReport })

  it('takes the title as the goal and sees that it is a bug', () => {
    expect(intent.goal).toBe('Swapped intervals are wrong')
    expect(intent.kind).toBe('bug')
  })

  it('finds files in prose, in links and in lists, without those of the runtime', () => {
    expect(intent.files).toEqual([
      'src/isWithinInterval/index.ts',
      'src/_lib/toDate/index.ts',
      'src/isWithinInterval/test.ts',
    ])
  })

  it('finds the frames of the project in order', () => {
    expect(intent.stackFrames).toEqual([
      { file: '/home/ada/app/src/isWithinInterval/index.ts', line: 33, symbol: 'isWithinInterval' },
      { file: '/home/ada/app/src/run it.mjs', line: 7, symbol: 'run' },
      { file: 'C:/app/src/parser.js', line: 10, symbol: 'Parser' },
      { file: '/home/ada/app/src/top.js', line: 1 },
    ])
  })

  it('finds symbols, tests, commands and snippets', () => {
    expect(intent.symbols).toEqual(['isWithinInterval', 'parseISO'])
    expect(intent.tests).toEqual(['accepts a swapped interval', 'src/isWithinInterval/test.ts'])
    expect(intent.commands).toEqual(['npm test -- isWithinInterval', 'npm run build'])
    expect(intent.snippets.map((snippet) => snippet.language)).toEqual(['js', '', 'console'])
  })

  it('takes what is listed as expected for acceptance criteria', () => {
    expect(intent.acceptanceCriteria).toEqual([
      'returns true for a date inside',
      'has a test in src/isWithinInterval/test.ts',
    ])
  })

  it('reads Python tracebacks and the output of pytest', () => {
    const { stackFrames, tests } = normaliseIntent({
      title: 'Crash',
      body: [
        'Traceback (most recent call last):',
        '  File "/srv/app/core.py", line 12, in parse_date',
        '    return fromisoformat(text)',
        '  File "/usr/lib/python3.11/datetime.py", line 2, in fromisoformat',
        'tests/test_core.py:8: AssertionError',
        'FAILED tests/test_core.py::test_parse_date - ValueError: bad',
      ].join('\n'),
    })
    expect(stackFrames).toEqual([
      { file: '/srv/app/core.py', line: 12, symbol: 'parse_date' },
      { file: 'tests/test_core.py', line: 8 },
    ])
    expect(tests).toEqual(['tests/test_core.py::test_parse_date', 'test_parse_date', 'tests/test_core.py'])
  })

  it('does not call a wish a bug', () => {
    expect(normaliseIntent({ title: 'Add a dark theme', body: 'It would be nice to have one.' }).kind).toBe(
      'other',
    )
  })

  it('refuses an item without words', () => {
    expect(() => normaliseIntent({ title: ' \u200b ', body: '\n\n\u202e' })).toThrow(
      expect.objectContaining({ code: 'ATL_INTAKE_EMPTY' }),
    )
  })

  it('keeps nothing that could fool a terminal or a reader', () => {
    const { goal } = normaliseIntent({
      title: '\u001b[31mFix\u001b[0m \u202ethis\u202c\u0007 now\u001b]0;owned\u0007',
      body: '',
    })
    expect(goal).toBe('Fix this now')
  })
})

describe('hostile text', () => {
  it('always yields a valid intent or a coded error', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '```',
        '~~~js',
        '# ',
        '- [ ] ',
        '    at f (a.js:1:2)',
        'File "a.py", line 3, in f',
        '$ ',
        '`a.b()`',
        '**',
        'FAIL a > b',
        '\u001b[',
      ),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(piece), (title, pieces) => {
        try {
          const intent = normaliseIntent({ title, body: pieces.join('\n') })
          expect(intentSchema.safeParse(intent).success).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ATL_INTAKE_EMPTY' })
        }
      }),
      { numRuns: 500 },
    )
  })

  const attacks: Readonly<Record<string, (size: number) => string>> = {
    'one long word': (size) => 'a'.repeat(size),
    'dotted words': (size) => 'a.'.repeat(size / 2),
    'open calls': (size) => 'a('.repeat(size / 2),
    backticks: (size) => '`'.repeat(size),
    'spans that never close': (size) => '`a '.repeat(size / 3),
    fences: (size) => '```\n'.repeat(size / 4),
    'escape sequences': (size) => '\u001b['.repeat(size / 2),
    'operating system commands': (size) => '\u001b]'.repeat(size / 2),
    frames: (size) => '    at f (a.js:1:2)\n'.repeat(size / 20),
    'frames that never end': (size) => `at ${'f (a:1 '.repeat(size / 7)}`,
    colons: (size) => ':1'.repeat(size / 2),
    slashes: (size) => 'a/'.repeat(size / 2),
    'white space': (size) => ' \t'.repeat(size / 2),
    stars: (size) => '**a'.repeat(size / 3),
    'headings of one depth': (size) => '# a\n'.repeat(size / 4),
    links: (size) => 'https://a/b/blob/'.repeat(size / 17),
  }
  it.each(Object.entries(attacks))('takes linear time for %s', (_, attack) => {
    const time = (size: number): number => {
      const body = attack(size)
      const start = performance.now()
      normaliseIntent({ title: 'x', body })
      return performance.now() - start
    }
    time(100_000)
    expect(time(1_000_000)).toBeLessThan(4_000)
  })
})
