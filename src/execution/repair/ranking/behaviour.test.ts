import { describe, expect, it } from 'vitest'

import type { Observation, Sighting } from '../model.ts'
import { behavioursOf, disputedShares } from './behaviour.ts'

const seen = (letters: string): Sighting[] =>
  Array.from(letters, (letter) => ({ digest: letter, crashed: letter === 'x' }))

const observation: Observation = {
  near: [true, true, false, false],
  unchanged: seen('xxcd'),
  candidates: new Map([
    [1, seen('abcd')],
    [2, seen('abcd')],
    [3, seen('axcd')],
    [4, seen('abee')],
  ]),
}

describe('behavioursOf', () => {
  const behaviours = behavioursOf(observation)

  it('tells change where it is wanted from change elsewhere', () => {
    expect(behaviours.get(1)).toMatchObject({ changesNear: 1, changesElsewhere: 0, crashes: 0 })
    expect(behaviours.get(3)).toMatchObject({ changesNear: 0.5, changesElsewhere: 0, crashes: 0.25 })
    expect(behaviours.get(4)).toMatchObject({ changesNear: 1, changesElsewhere: 1 })
  })

  it('counts who does something else, by how far they are believed', () => {
    const alike = disputedShares(observation, () => 1)
    expect(alike.get(1)).toBeCloseTo(2 / 3)
    expect(alike.get(4)).toBe(1)
    const believed = disputedShares(observation, (id) => (id <= 2 ? 1 : 0.01))
    expect(believed.get(1)).toBeLessThan(0.05)
    expect(disputedShares({ ...observation, candidates: new Map([[1, seen('abcd')]]) }, () => 1).get(1)).toBe(
      0,
    )
  })

  it('does not blame a candidate for what crashes with every one', () => {
    const all = { ...observation, candidates: new Map([[1, seen('xxcd')]]) }
    expect(behavioursOf(all).get(1)?.crashes).toBe(0)
  })

  it('has nothing to say about nothing', () => {
    expect(behavioursOf({ near: [], unchanged: [], candidates: new Map() })).toEqual(new Map())
    const blind: Observation = { near: [], unchanged: [], candidates: new Map([[1, []]]) }
    expect(behavioursOf(blind).get(1)).toMatchObject({ changesNear: 0, crashes: 0 })
  })
})
