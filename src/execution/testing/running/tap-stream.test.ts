import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTapPoints, readTapTests } from './tap-stream.ts'

const stream = `TAP version 14
# Subtest: adds
    ok 1 - one
    not ok 2 - two
      ---
      at:
        line: 7
        file: test/a.js
      stack: at test/a.js:7
      diff: "-1 +2"
      ...
    1..2
not ok 1 - adds # time=3ms
# Subtest: outer
    # Subtest: inner
        ok 1 - fine
        1..1
    ok 1 - inner # time=1ms
    1..1
ok 2 - outer # time=2ms
ok 3 - later # SKIP not now
1..3
`

describe('a TAP stream of subtests', () => {
  it('sums assertions up to tests', () => {
    const { cases, complete } = readTapTests(stream, 'test/a.js')
    expect(complete).toBe(true)
    expect(cases.map(({ path, name, outcome }) => [...path, name, outcome].join(' > '))).toEqual([
      'adds > failed',
      'outer > inner > passed',
      'later > skipped',
    ])
    expect(cases[0]).toMatchObject({ message: 'two\n-1 +2', line: 7, durationMs: 3 })
  })

  it('counts assertions outside of tests as one test, named like the file', () => {
    const { cases } = readTapTests('TAP version 13\nok 1 - a\nnot ok 2 - b\n1..2\n', 'test/a.js')
    expect(cases).toMatchObject([{ name: 'test/a.js', path: [], outcome: 'failed', message: 'b' }])
  })

  it.each([
    ['without a plan', stream.replace(/1\.\.3\n$/, '')],
    ['with a wrong plan', stream.replace(/1\.\.3\n$/, '1..9\n')],
    ['that bails out', stream.replace(/1\.\.3\n$/, 'Bail out! no database\n')],
  ])('is incomplete %s', (_, text) => {
    expect(readTapTests(text, 'test/a.js').complete).toBe(false)
  })

  it('never says passed of a test whose closing line fails', () => {
    const text = 'TAP version 13\n# Subtest: a\n    ok 1 - x\n    1..2\nnot ok 1 - a\n1..1\n'
    expect(readTapTests(text, 'f').cases.some(({ outcome }) => outcome === 'failed')).toBe(true)
  })

  it('reads whatever comes without failing', () => {
    const line = fc.constantFrom(...stream.split('\n'), 'Bail out!', '}', 'ok 1 - x {', '# Subtest: y')
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        readTapTests(lines.join('\n'), 'f')
        readTapPoints(lines.join('\n'))
      }),
      { numRuns: 200 },
    )
  })
})
