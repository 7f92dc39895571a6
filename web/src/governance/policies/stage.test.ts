import { expect, test } from 'vitest'
import { firstText, obstacleTo, stageOf } from './stage.ts'

const simulation = null
const rehearsed = {
  digest: 'sha256:1',
  rehearsal: {
    draft: 'sha256:1',
    problems: [],
    testsProblem: null,
    tests: [],
    ok: true,
    at: '2026-01-01T00:00:00Z',
    by: 'person:ada',
    simulation,
  },
}

test('leads from writing over simulating to approval', () => {
  expect(stageOf(undefined, false, false)).toBe('write')
  expect(stageOf({ digest: 'sha256:1', rehearsal: null }, false, false)).toBe('simulate')
  expect(stageOf(rehearsed, false, false)).toBe('approve')
  expect(stageOf(undefined, true, false)).toBe('in-force')
})

test('goes back to writing as soon as something is edited', () => {
  expect(stageOf(rehearsed, true, true)).toBe('write')
})

test('wants a rehearsal of the draft as it stands', () => {
  expect(obstacleTo({ ...rehearsed, digest: 'sha256:2' })).toMatch('not simulated')
  const failing = { ...rehearsed.rehearsal, ok: false }
  expect(obstacleTo({ ...rehearsed, rehearsal: failing })).toMatch('test')
  expect(obstacleTo(rehearsed)).toBeUndefined()
})

test('begins a new policy under its own name', () => {
  expect(firstText('quiet-nights')).toContain('@id("quiet-nights/')
})
