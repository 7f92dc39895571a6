import { expect, test } from 'vitest'
import { endOf } from './expiry.ts'

const now = Date.parse('2026-05-01T12:00:00Z')

test('says how long something holds, and when that is not long', () => {
  expect(endOf('2026-07-30T12:00:00Z', now)).toEqual({ words: 'in 90 days', soon: false })
  expect(endOf('2026-05-03T12:00:00Z', now)).toEqual({ words: 'in 2 days', soon: true })
  expect(endOf('2026-05-01T13:00:00Z', now)).toEqual({ words: 'within a day', soon: true })
  expect(endOf('2026-05-01T11:00:00Z', now)).toEqual({ words: 'has ended', soon: true })
})
