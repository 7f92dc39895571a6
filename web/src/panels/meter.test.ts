import { expect, test } from 'vitest'
import { sharesOf } from './meter.tsx'

test('shares what is used and held of a limit', () => {
  expect(sharesOf(20, 30, 100)).toEqual({ used: 20, held: 30, tone: 'busy' })
})

test('says when little is left, and when nothing is', () => {
  expect(sharesOf(70, 10, 100).tone).toBe('warn')
  expect(sharesOf(90, 10, 100).tone).toBe('bad')
  expect(sharesOf(0, 0, 0).tone).toBe('bad')
})

test('never draws beyond the end, where more was used than the limit that was set later', () => {
  const { used, held } = sharesOf(150, 50, 100)
  expect(used + held).toBe(100)
})
