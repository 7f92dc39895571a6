import { expect, test } from 'vitest'
import { linesOf } from './settings-list.tsx'

test('writes nested settings line by line', () => {
  expect(
    linesOf({ model: { route: 'developer', fallback: ['a', 'b'] }, limits: { tokens: 3_000_000 } }),
  ).toEqual([
    { name: 'model.route', value: 'developer' },
    { name: 'model.fallback', value: 'a, b' },
    { name: 'limits.tokens', value: '3,000,000' },
  ])
})

test('leaves out what is not set', () => {
  expect(linesOf({ model: null, program: undefined, strict: false })).toEqual([
    { name: 'strict', value: 'false' },
  ])
})
