import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forecast } from './forecast.ts'

const today = '2026-03-10'
const steady = Array<number>(14).fill(100)

describe('a forecast', () => {
  it('says so when there is too little to go by', () => {
    expect(forecast([0, 0, 5, 5, 5, 5, 5, 5], 100, today)).toEqual({
      kind: 'too-little-data',
      days: 6,
      needed: 7,
    })
    expect(forecast([], null, today)).toMatchObject({ kind: 'too-little-data', days: 0 })
  })

  it('goes on as it was', () => {
    expect(forecast(steady, 450, today)).toEqual({
      kind: 'forecast',
      days: 14,
      perDay: 100,
      trend: 0,
      next30: { expected: 3000, low: 3000, high: 3000 },
      runsOut: { expected: '2026-03-15', earliest: '2026-03-15', latest: '2026-03-15' },
    })
  })

  it('follows a trend, and never below nothing', () => {
    const rising = steady.map((_, day) => 10 * day)
    expect(forecast([1, ...rising.slice(1)], null, today)).toMatchObject({
      perDay: 140,
      trend: 10,
      runsOut: null,
    })
    const falling = steady.map((_, day) => 140 - 10 * day)
    expect(forecast(falling, null, today)).toMatchObject({ perDay: 0, next30: { expected: 0 } })
  })

  it('is not bent by single expensive days, but less sure where days differ', () => {
    expect(forecast(steady.with(5, 10_000), null, today)).toMatchObject({ perDay: 100, trend: 0 })
    const uneven = steady.map((amount, day) => amount + (day % 2 === 0 ? 40 : -40))
    const answer = forecast(uneven, 450, today)
    if (answer.kind !== 'forecast') throw new Error(answer.kind)
    expect(answer.next30.low).toBeLessThan(answer.next30.expected)
    expect(answer.next30.high).toBeGreaterThan(answer.next30.expected)
    const { earliest, expected, latest } = answer.runsOut ?? {}
    expect([earliest, expected, latest]).toEqual([earliest, expected, latest].toSorted())
  })

  it('lasts longer than a year where little is used', () => {
    expect(forecast(steady, 1e9, today)).toMatchObject({
      runsOut: { expected: null, earliest: null, latest: null },
    })
  })

  it('holds together for whatever was used', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1e9 }), { maxLength: 40 }), fc.nat({ max: 1e9 }), (used, left) => {
        const answer = forecast(used, left, today)
        if (answer.kind === 'too-little-data') return
        expect(answer.next30.low).toBeLessThanOrEqual(answer.next30.expected)
        expect(answer.next30.expected).toBeLessThanOrEqual(answer.next30.high)
        expect(answer.perDay).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
