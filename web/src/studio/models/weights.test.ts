import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sharesOf } from './weights.ts'

test('shares weights in percent', () => {
  expect(sharesOf([1, 1])).toEqual([50, 50])
  expect(sharesOf([95, 5])).toEqual([95, 5])
  expect(sharesOf([0, 0])).toEqual([0, 0])
})

test('shares are always a hundred together, and nothing stays nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 }), (weights) => {
      const shares = sharesOf(weights)
      if (weights.some((weight) => weight > 0))
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(100)
      weights.forEach((weight, index) => {
        if (weight === 0) expect(shares[index]).toBe(0)
      })
    }),
  )
})
