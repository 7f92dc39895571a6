import { expect, it } from 'vitest'
import type { TestPath } from '../protocol.ts'
import { groupsByFile, groupsByNesting, keyOf, numbered } from './test-groups.ts'

const path = (file: string, ...names: readonly string[]): TestPath => ({ file, names, occurrence: 1 })
const paths = [
  path('a.js', 'parse'),
  path('a.js', 'parse', 'depth'),
  path('b.js', 'parse', 'depth'),
  path('a.js', 'parser'),
]
const indicesOf = (groups: ReturnType<typeof groupsByFile>) =>
  groups.map(({ file, indices }) => [file, ...indices.values()])

it('runs what is in one file together', () => {
  expect(indicesOf(groupsByFile(paths))).toEqual([
    ['a.js', 0, 1, 3],
    ['b.js', 2],
  ])
})

it('sets a test apart that holds others of the list', () => {
  const groups = groupsByNesting(paths)
  expect(indicesOf(groups)).toEqual([
    ['a.js', 0],
    ['a.js', 1, 3],
    ['b.js', 2],
  ])
  const [outer, inner] = groups
  expect(outer?.selection.wants(['parse', 'other'])).toBe(true)
  expect(inner?.selection.wants(['parse', 'other'])).toBe(false)
  expect(inner?.selection.includes(['parse'])).toBe(true)
})

it('tells tests with equal titles apart by their order', () => {
  const twice = numbered([
    { names: ['x'], outcome: 'failed' },
    { names: ['x'], outcome: 'passed' },
  ])
  expect(new Set(twice.map(keyOf)).size).toBe(2)
})
