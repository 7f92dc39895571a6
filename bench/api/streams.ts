import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createEngine, type Engine, type StepExecutor } from '../../src/engine/index.ts'
import { seededIdentities, tenantScope } from '../../src/governance/index.ts'
import type { RunId } from '../../src/kernel/index.ts'
import { processorTime } from '../gateway/processor-time.ts'
import { timesOf, type Times } from './figures.ts'
import { end, type Installation, told } from './installation.ts'
import type { Arrival, StreamOrder } from './stream-clients.ts'

export interface StreamReport {
  /** Milliseconds from the commit of an event to its arrival at a stream of its run, or of the tenant. */
  readonly run: Times
  readonly tenant: Times
  readonly arrivalsPerSecond: number
  /** Share of one core that the server used. */
  readonly processor: number
  /** Megabytes that the server holds. */
  readonly memory: number
}

/** Runs that are performed while the streams are watched, and how long each of their steps takes. */
const runs = 25
const stepSeconds = 4
/** More than the streams are watched for. */
const mostSteps = 200
const scope = tenantScope(seededIdentities.tenant, seededIdentities.owner)

/** A step that says every second that it is still at it. */
const work: StepExecutor = {
  execute: async ({ emit, signal }) => {
    for (let second = 0; second < stepSeconds && !signal.aborted; second += 1) {
      emit({ kind: 'progress', data: { second } })
      await delay(1000, undefined, { signal }).catch(() => undefined)
    }
    return { kind: 'succeeded', output: null }
  },
}

/**
 * Watches runs that another process performs, over each of these numbers of streams: half of them of one run each, half
 * of the whole tenant. The steps are performed by this process, which is how it knows when an event was committed.
 */
export async function measureStreams(
  installation: Installation,
  { streams, seconds }: { readonly streams: readonly number[]; readonly seconds: number },
): Promise<readonly StreamReport[]> {
  const { database } = installation
  const engine = createEngine({
    ...{ database, executorId: 'bench', concurrency: runs },
    executors: { compute: work },
  })
  await engine.launch()
  try {
    const runIds = await startRuns(engine)
    const committed = noteCommits(engine, runIds)
    const reports = []
    for (const count of streams)
      reports.push(await watch(installation, { runIds, committed, streams: count, seconds }))
    return reports
  } finally {
    await engine.shutdown({ graceMs: 0 })
  }
}

interface Watching {
  readonly runIds: readonly RunId[]
  /** When which event was committed. */
  readonly committed: ReadonlyMap<string, number>
  readonly streams: number
  readonly seconds: number
}

async function watch(
  { url, pid, authorizations }: Installation,
  { runIds, committed, streams, seconds }: Watching,
): Promise<StreamReport> {
  const clients = fork(join(import.meta.dirname, 'stream-clients.ts'))
  try {
    const order: StreamOrder = {
      url,
      streams: Array.from({ length: streams }, (_, index) => ({
        path: index % 2 === 0 ? `/api/v1/runs/${runIds[(index / 2) % runs] ?? ''}/events` : '/api/v1/events',
        authorization: authorizations[index % authorizations.length] ?? '',
      })),
    }
    const asked = performance.now()
    await ask(clients, order)
    console.log(`${streams} streams were opened in ${((performance.now() - asked) / 1000).toFixed(1)} s.`)
    // Events from before the streams were open arrive at once, and are none that anybody waited for.
    await delay(1000)
    await ask<readonly Arrival[]>(clients, 'report')
    const [from, used, begun] = [now(), processorTime(pid), performance.now()]
    await delay(seconds * 1000)
    const elapsed = performance.now() - begun
    const processor = (processorTime(pid) - used) / elapsed
    const arrivals = await ask<readonly Arrival[]>(clients, 'report')
    const taken = (odd: number): number[] =>
      arrivals.flatMap(([stream, event, at]) => {
        const since = committed.get(event)
        return stream % 2 === odd && since !== undefined && since >= from ? [Math.max(0, at - since)] : []
      })
    return {
      run: timesOf(taken(0)),
      tenant: timesOf(taken(1)),
      arrivalsPerSecond: (arrivals.length * 1000) / elapsed,
      processor,
      memory: residentMegabytes(pid),
    }
  } finally {
    await end(clients)
  }
}

async function startRuns(engine: Engine): Promise<readonly RunId[]> {
  const definition = {
    name: 'watched',
    version: 1,
    steps: Array.from({ length: mostSteps }, (_, index) => ({
      ...{ id: `s${index}`, kind: 'compute', uses: 'work' },
      ...(index > 0 && { needs: [`s${index - 1}`] }),
    })),
  }
  const { digest } = await engine.saveDefinition(scope, definition)
  const started = Array.from({ length: runs }, () =>
    engine.startRun(scope, { definition: { digest }, inputs: {} }),
  )
  return (await Promise.all(started)).map(({ runId }) => runId)
}

/** When which event was committed, as the process that wrote it is told. */
function noteCommits(engine: Engine, runIds: readonly RunId[]): ReadonlyMap<string, number> {
  const committed = new Map<string, number>()
  for (const runId of runIds)
    void (async () => {
      for await (const { sequence } of engine.watch(scope, runId))
        committed.set(`${runId}/${sequence}`, now())
    })().catch(() => undefined)
  return committed
}

async function ask<T>(clients: ReturnType<typeof fork>, order: StreamOrder | 'report'): Promise<T> {
  const answer = told<T>(clients)
  clients.send(order)
  return answer
}

/** Milliseconds of a clock that all processes of the machine share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function residentMegabytes(pid: number): number {
  const line = /^VmRSS:\s+(?<kilobytes>\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.groups?.['kilobytes']) / 1024
}
