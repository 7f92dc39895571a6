import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { type PrincipalId, silentLogger, type TenantId } from '../kernel/index.ts'
import type { RunEvent, TenantScope } from './ports.ts'
import { type EventPage, type EventSource, RunWatchers, type WatchedRun } from './run-watch.ts'

const scope: TenantScope = {
  kind: 'tenant',
  tenantId: 'tenant' as TenantId,
  principalId: 'person:a' as PrincipalId,
}

/** Runs that other processes perform, by id. */
class Elsewhere implements EventSource {
  readonly runs = new Map<string, { events: RunEvent[]; hasEnded: boolean }>()
  readonly looks: (readonly WatchedRun[])[] = []
  reads = 0
  away = false

  write(runId: string, count: number, hasEnded = false): void {
    const run = this.runs.get(runId) ?? { events: [], hasEnded }
    for (let added = 0; added < count; added += 1)
      run.events.push({
        ...{ sequence: run.events.length + 1, time: new Date(), kind: 'log', stepId: null, itemIndex: null },
        data: {},
      })
    run.hasEnded = hasEnded
    this.runs.set(runId, run)
  }

  changed(runs: readonly WatchedRun[]) {
    this.looks.push(runs)
    if (this.away) return Promise.reject(new Error('the database is away'))
    return Promise.resolve(
      runs.filter(({ runId, sequence }) => (this.runs.get(runId)?.events.length ?? Infinity) > sequence),
    )
  }

  read(_scope: TenantScope, known: Parameters<EventSource['read']>[1]): ReturnType<EventSource['read']> {
    this.reads += 1
    if (this.away) return Promise.reject(new Error('the database is away'))
    const pages = known.flatMap(({ runId, sequence: after }): [string, EventPage][] => {
      const run = this.runs.get(runId)
      if (run === undefined) return []
      const events = run.events.slice(after, after + 500)
      const isLast = run.hasEnded && after + events.length >= run.events.length
      return [[runId, { events, isLast, total: run.events.length }]]
    })
    return Promise.resolve(new Map(pages))
  }
}

function watching() {
  const source = new Elsewhere()
  const watchers = new RunWatchers({ source, logger: silentLogger })
  const collect = async (runId: string, afterSequence = 0, signal?: AbortSignal): Promise<number[]> => {
    const seen: number[] = []
    const options = { afterSequence, ...(signal === undefined ? {} : { signal }) }
    for await (const { sequence } of watchers.watch(scope, runId, options)) seen.push(sequence)
    return seen
  }
  return { source, watchers, collect }
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

describe('watching what other processes do', () => {
  it('costs one look and one reading for however many watch', async () => {
    const { source, collect } = watching()
    source.write('run', 3)
    const all = Array.from({ length: 200 }, () => collect('run'))
    await vi.waitUntil(() => source.looks.length > 0)
    const readsBefore = source.reads
    source.write('run', 2, true)
    expect(await Promise.all(all)).toEqual(Array.from({ length: 200 }, () => upTo(5)))
    expect(source.reads - readsBefore).toBe(1)
    expect(Math.max(...source.looks.map((runs) => runs.length))).toBe(1)
  })

  it('ends looking when nobody watches any more', async () => {
    const { source, collect } = watching()
    source.write('run', 1)
    const leave = new AbortController()
    const seen = collect('run', 0, leave.signal)
    await vi.waitUntil(() => source.looks.length > 1)
    leave.abort()
    expect(await seen).toEqual([1])
    const { length } = source.looks
    await pause(300)
    expect(source.looks.length - length).toBeLessThanOrEqual(1)
  })

  it('lets a slow watcher take up from where it is kept what it has missed', async () => {
    const { source, watchers, collect } = watching()
    source.write('run', 1)
    const slow = watchers.watch(scope, 'run', {})
    expect((await slow.next()).value?.sequence).toBe(1)
    const quick = collect('run')
    for (let part = 0; part < 5; part += 1) {
      source.write('run', 600, part === 4)
      await pause(120)
    }
    expect(await quick).toEqual(upTo(3001))
    const rest: number[] = []
    for await (const { sequence } of slow) rest.push(sequence)
    expect(rest).toEqual(upTo(3001).slice(1))
  })

  it('is not led astray by one who claims to have what has not happened', async () => {
    const { source, collect } = watching()
    source.write('run', 2)
    const leave = new AbortController()
    const ahead = collect('run', 1_000_000, leave.signal)
    const behind = collect('run')
    await vi.waitUntil(() => source.looks.length > 1)
    source.write('run', 1, true)
    expect(await behind).toEqual(upTo(3))
    leave.abort()
    expect(await ahead).toEqual([])
  })

  it('tells each watcher when a run is gone or the database is away', async () => {
    const { source, collect } = watching()
    source.write('gone', 1)
    source.write('here', 1)
    const gone = collect('gone')
    const here = collect('here')
    await vi.waitUntil(() => source.looks.length > 1)
    source.runs.delete('gone')
    await expect(gone).rejects.toThrow('There is no such run: gone')
    source.away = true
    await expect(here).rejects.toThrow('the database is away')
  })

  it('goes on behind a position, and ends with a run that has ended', async () => {
    const { source, collect } = watching()
    source.write('run', 1200, true)
    expect(await collect('run', 1100)).toEqual(upTo(1200).slice(1100))
  })
})
