import { describe, expect, it } from 'vitest'
import { timeAxis } from './time-axis.ts'

const minute = 60_000

describe('the axis of a timeline', () => {
  it('is even where work fills the most of it', () => {
    const axis = timeAxis(0, 10 * minute, [{ from: 0, to: 9 * minute }])
    expect(axis.isSqueezed).toBe(false)
    expect(axis.at(5 * minute)).toBeCloseTo(0.5)
  })

  it('gives a wait of days a fifth of it, and the work the rest', () => {
    const work = [
      { from: 0, to: minute },
      { from: 5000 * minute, to: 5001 * minute },
    ]
    const axis = timeAxis(0, 5001 * minute, work)
    expect(axis.isSqueezed).toBe(true)
    expect(axis.at(minute)).toBeCloseTo(0.4)
    expect(axis.at(5000 * minute)).toBeCloseTo(0.6)
    expect(axis.at(5001 * minute)).toBeCloseTo(1)
    expect(axis.momentAt(0.8)).toBeCloseTo(5000.5 * minute)
  })

  it('bears that nothing was done yet, and stretches that overlap', () => {
    expect(timeAxis(0, minute, []).at(minute / 2)).toBeCloseTo(0.5)
    const axis = timeAxis(0, minute, [
      { from: 0, to: minute },
      { from: 10, to: 20 },
    ])
    expect(axis.at(minute)).toBeCloseTo(1)
  })
})
