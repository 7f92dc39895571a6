import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OutputTail, RecordReader } from './records.ts'

const encoder = new TextEncoder()
const line = (key: string, name: string): string =>
  `\n${key} ${JSON.stringify({ kind: 'case', path: [], name, outcome: 'passed' })}\n`

describe('records', () => {
  it('are read across any cuts, between any noise', () => {
    const name = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(fc.array(name, { maxLength: 8 }), fc.array(fc.nat(400)), (names, cuts) => {
        const bytes = encoder.encode(names.map((text) => `noise${line('key', text)}`).join(''))
        const reader = new RecordReader('key')
        let at = 0
        for (const cut of cuts) {
          reader.write(bytes.subarray(at, at + cut))
          at = Math.min(bytes.length, at + cut)
        }
        reader.write(bytes.subarray(at))
        expect(reader.records.map((record) => (record.kind === 'case' ? record.name : ''))).toEqual(names)
      }),
    )
  })

  it('without the key are noise', () => {
    const reader = new RecordReader('key')
    reader.write(encoder.encode(line('guess', 'forged') + line(' key', 'forged') + '\nkey {"kind":"end"\n'))
    expect(reader.records).toEqual([])
  })
})

describe('the tail of the output', () => {
  it('holds the end', () => {
    const tail = new OutputTail(5)
    for (const text of ['abc', 'def', 'gh']) tail.write(encoder.encode(text))
    expect(tail.text).toBe('defgh')
  })
})
