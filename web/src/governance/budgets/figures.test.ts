import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCount, readMoney, runsOutInWords, totalsOf } from './figures.ts'

test('adds up days, the most expensive first', () => {
  const row = { day: '2026-05-01', tokens: 1, calls: 1 }
  expect(
    totalsOf([
      { ...row, key: 'a', money: 1 },
      { ...row, key: 'b', money: 5 },
      { ...row, day: '2026-05-02', key: 'a', money: 2 },
    ]),
  ).toEqual([
    { key: 'b', money: 5, tokens: 1, calls: 1 },
    { key: 'a', money: 3, tokens: 2, calls: 2 },
  ])
})

test('reads amounts as people write them', () => {
  expect(readMoney('$1,250.50')).toBe(1_250_500_000)
  expect(readMoney('0.000001')).toBe(1)
  for (const text of ['', '-1', '1e9', '1.2.3', 'ten', '99999999999999999999'])
    expect(readMoney(text)).toBeUndefined()
  expect(readCount('10,000')).toBe(10_000)
  expect(readCount('1.5')).toBeUndefined()
})

test('reads every amount of millionths back', () => {
  fc.assert(
    fc.property(fc.nat(2_000_000_000), (millionths) => {
      expect(readMoney((millionths / 1_000_000).toFixed(6))).toBe(millionths)
    }),
  )
})

const forecast = {
  kind: 'forecast',
  days: 20,
  perDay: 1,
  trend: 0,
  next30: { expected: 30, low: 20, high: 40 },
} as const

test('says when the money runs out, and how sure that is', () => {
  const runsOut = { expected: '2026-06-10', earliest: '2026-06-05', latest: '2026-06-20' }
  expect(runsOutInWords({ left: 10, forecast: { ...forecast, runsOut } })).toBe(
    'It is used up around June 10, between June 5 and June 20.',
  )
  expect(runsOutInWords({ left: null, forecast: { ...forecast, runsOut: null } })).toMatch('No limit')
  expect(runsOutInWords({ left: 0, forecast: { ...forecast, runsOut } })).toMatch('refused')
  expect(runsOutInWords({ left: 5, forecast: { kind: 'too-little-data', days: 2, needed: 7 } })).toMatch(
    'needs 7 days',
  )
  expect(
    runsOutInWords({
      left: 5,
      forecast: { ...forecast, runsOut: { expected: null, earliest: null, latest: null } },
    }),
  ).toMatch('longer than a year')
})
