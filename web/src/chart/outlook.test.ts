import { expect, test } from 'vitest'
import { outlookOf } from './outlook.ts'

const days = [
  { day: '2026-02-27', money: 10 },
  { day: '2026-02-28', money: 20 },
]

test('goes on from the last day with the trend and its interval', () => {
  const trend = { perDay: 30, trend: 2, next30: { expected: 900, high: 900 + 5 * Math.sqrt(30) } }
  const [, , first, second] = outlookOf(days, trend, 2)
  expect(first).toMatchObject({ day: '2026-03-01', used: null, expected: 30 })
  expect(first?.low).toBeCloseTo(25)
  expect(first?.high).toBeCloseTo(35)
  expect(second).toMatchObject({ day: '2026-03-02', expected: 32 })
})

test('expects nothing below zero', () => {
  const trend = { perDay: 1, trend: -5, next30: { expected: 0, high: 100 } }
  for (const { expected, low } of outlookOf(days, trend, 5).slice(2)) {
    expect(expected).toBeGreaterThanOrEqual(0)
    expect(low).toBe(0)
  }
})

test('shows the past alone where there is no forecast', () => {
  expect(outlookOf(days, undefined, 5)).toHaveLength(2)
  expect(outlookOf([], { perDay: 1, trend: 0, next30: { expected: 1, high: 2 } }, 5)).toEqual([])
})
