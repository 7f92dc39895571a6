import { expect, test } from 'vitest'
import { linesOf } from './settings-list.tsx'

test('writes nested settings line by line', () => {
  expect(
    linesOf({
      model: { route: 'developer', fallback: ['a', 'b'] },
      limits: { tokens: 3_000_000, money: 2_000_000, sameTestSeconds: 300 },
    }),
  ).toEqual([
    { name: 'model.route', value: 'developer' },
    { name: 'model.fallback', value: 'a, b' },
    { name: 'limits.tokens', value: '3,000,000' },
    { name: 'limits.money', value: '$2.00' },
    { name: 'limits.sameTestSeconds', value: '5 m' },
  ])
})

test('leaves out what is not set', () => {
  expect(linesOf({ model: null, program: undefined, strict: false })).toEqual([
    { name: 'strict', value: 'false' },
  ])
})
