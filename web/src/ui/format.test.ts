import { describe, expect, it } from 'vitest'
import { formatAge, formatDuration, formatMoney, plural, repositoryName } from './format.ts'

describe('money', () => {
  it.each([
    [0, '$0'],
    [420_000, '$0.42'],
    [3100, '$0.0031'],
    [12_345_678, '$12.35'],
  ])('%d millionths are %s', (millionths, text) => expect(formatMoney(millionths)).toBe(text))
})

describe('durations', () => {
  it.each([
    [0.32, '320 ms'],
    [4.23, '4.2 s'],
    [59, '59 s'],
    [192, '3 m 12 s'],
    [179.8, '3 m'],
    [3600, '1 h'],
    [7500, '2 h 5 m'],
    [273_600, '3 d 4 h'],
  ])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text))
})

describe('ages', () => {
  const now = Date.parse('2026-03-10T12:00:00Z')
  it.each([
    ['2026-03-10T11:59:40Z', 'now'],
    ['2026-03-10T11:55:00Z', '5m'],
    ['2026-03-10T09:00:00Z', '3h'],
    ['2026-03-08T12:00:00Z', '2d'],
    ['2026-01-05T12:00:00Z', 'Jan 5'],
    ['2025-12-24T12:00:00Z', 'Dec 24, 2025'],
  ])('%s is %s', (time, text) => expect(formatAge(time, now)).toBe(text))
})

describe('names', () => {
  it('counts things', () => {
    expect([plural(1, 'file'), plural(2, 'file'), plural(0, 'entry', 'entries')]).toEqual([
      '1 file',
      '2 files',
      '0 entries',
    ])
  })

  it('knows a repository by the end of its location', () => {
    expect(repositoryName('/srv/git/appointments.git')).toBe('appointments')
    expect(repositoryName('git@example.org:team/shop.git')).toBe('shop')
    expect(repositoryName('https://example.org/team/shop/')).toBe('shop')
  })
})
