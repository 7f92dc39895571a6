import fc from 'fast-check'
import { expect, test } from 'vitest'
import { indent, rangeOfLine } from './position.ts'

const text = 'first\n  second\n\nfourth'

test('finds a line and a column in it', () => {
  expect(rangeOfLine(text, 2, 3)).toEqual({ at: 8, end: 14 })
  expect(text.slice(8, 14)).toBe('second')
})

test('stays within the text where a problem lies beyond its end', () => {
  expect(rangeOfLine(text, 99, 99)).toEqual({ at: text.length, end: text.length })
  expect(rangeOfLine(text, 3, 9)).toEqual({ at: 15, end: 15 })
})

test('begins every line behind as many line ends', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'bc', '\n')), fc.nat(40), (parts, line) => {
      const whole = parts.join('')
      const wanted = Math.min(Math.max(1, line), whole.split('\n').length)
      expect(whole.slice(0, rangeOfLine(whole, line).at).split('\n')).toHaveLength(wanted)
    }),
  )
})

test('indents at the cursor, and whole lines that are selected', () => {
  expect(indent({ text: 'ab', from: 1, to: 1 }, 'in')).toEqual({ text: 'a  b', from: 3, to: 3 })
  const inward = indent({ text: 'a\nb', from: 0, to: 3 }, 'in')
  expect(inward.text).toBe('  a\n  b')
  expect(indent(inward, 'out')).toMatchObject({ text: 'a\nb' })
})

test('takes no more than there is when it moves out', () => {
  expect(indent({ text: ' a', from: 2, to: 2 }, 'out')).toEqual({ text: 'a', from: 1, to: 1 })
})
