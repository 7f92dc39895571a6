import { describe, expect, it } from 'vitest'
import type { RunEvent, Step } from '../api/index.ts'
import { describeEvent, momentsAfter, momentsNow } from './run-history.ts'

const step = (id: string, status: Step['status'] = 'pending', needs: string[] = []): Step => ({
  ...{ id, title: id, kind: 'tool', status, attempts: 0, needs },
  ...{ startedAt: null, endedAt: null, error: null },
})
const second = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString()
const events = (
  ...list: readonly (readonly [string | null, string, Record<string, unknown>?])[]
): RunEvent[] =>
  list.map(([stepId, kind, data = {}], index) => ({
    ...{ sequence: index + 1, time: second(index), stepId, kind, data },
  }))

describe('the history of a run', () => {
  const steps = [step('a'), step('b', 'pending', ['a'])]
  const story = events(
    [null, 'run-started'],
    ['a', 'step-started', { attempt: 1 }],
    ['a', 'progress', { message: 'cloning' }],
    ['a', 'step-retrying', { attempt: 2 }],
    ['a', 'step-started', { attempt: 2 }],
    ['a', 'step-ended', { status: 'succeeded' }],
    ['b', 'step-started', { attempt: 1 }],
    ['b', 'step-waiting', { reason: 'approval' }],
  )

  it('tells each moment by the events before it', () => {
    const statuses = (count: number): string[] =>
      momentsAfter(steps, story, count).map(({ status }) => status)
    expect(statuses(0)).toEqual(['pending', 'pending'])
    expect(statuses(2)).toEqual(['running', 'pending'])
    expect(statuses(4)).toEqual(['ready', 'pending'])
    expect(statuses(6)).toEqual(['succeeded', 'pending'])
    expect(statuses(8)).toEqual(['succeeded', 'waiting'])
  })

  it('has a span for each attempt, open while it is under way', () => {
    const [a, b] = momentsAfter(steps, story)
    expect(a?.attempts).toEqual([
      { attempt: 1, from: second(1), to: second(3), status: 'failed' },
      { attempt: 2, from: second(4), to: second(5), status: 'succeeded' },
    ])
    expect(b?.attempts).toEqual([{ attempt: 1, from: second(6), to: null, status: 'waiting' }])
  })

  it('shows what a step says while it works, and nothing of it afterwards', () => {
    expect(momentsAfter(steps, story, 3)[0]?.progress).toBe('cloning')
    expect(momentsAfter(steps, story, 6)[0]?.progress).toBeUndefined()
  })

  it('passes over steps that the plan does not have', () => {
    expect(momentsAfter(steps, events(['gone', 'step-started']))).toHaveLength(2)
  })
})

describe('the steps now', () => {
  it('are moved on by events that came after the run was read', () => {
    const [a] = momentsNow([step('a')], events(['a', 'step-started']))
    expect(a?.status).toBe('running')
  })

  it('are as the run says once a step has ended', () => {
    const ended = { ...step('a', 'failed'), endedAt: second(9) }
    expect(momentsNow([ended], events(['a', 'step-started']))[0]?.status).toBe('failed')
  })
})

describe('an event in words', () => {
  it.each([
    [['a', 'progress', { message: 'running 12 tests' }], 'running 12 tests'],
    [['a', 'step-ended', { status: 'succeeded' }], 'succeeded'],
    [['a', 'step-retrying', { error: { message: 'no route to host' } }], 'retrying: no route to host'],
    [['a', 'step-waiting', { reason: 'a person has to approve' }], 'waiting: a person has to approve'],
    [[null, 'run-started', {}], 'started'],
  ] as const)('%j', (event, words) => {
    expect(describeEvent(events(event)[0]!)).toBe(words)
  })
})
