import { createEngine, engineMigrations } from '../src/engine/index.ts'
import type { Engine, StepOutcome } from '../src/engine/index.ts'
import type { Database } from '../src/store/index.ts'
import { createTestDatabase } from '../src/testing/index.ts'
import type { TenantScope } from '../src/testing/index.ts'
import type { BenchmarkResult } from './run.ts'

/** Steps in the workflow, one after the other, each of which does nothing. */
const steps = 10
const concurrentRuns = 50
const sequentialRuns = 30
const commits = 300
/** Rounds of baseline and engine in turn, so that what else the machine does hits both alike. */
const rounds = 5

const goal = {
  'per-step overhead in sequence, in bare single-row commits, at most': 6,
  'steps per bare commit at 50 concurrent runs, at least': 0.25,
  'milliseconds from nothing to the first step done, at most': 1000,
}

const definition = {
  name: 'chain',
  version: 1,
  steps: Array.from({ length: steps }, (_, index) => ({
    id: `s${index}`,
    kind: 'compute',
    uses: 'nothing',
    ...(index === 0 ? {} : { needs: [`s${index - 1}`] }),
  })),
}

const nothing = { execute: (): Promise<StepOutcome> => Promise.resolve({ kind: 'succeeded', output: null }) }

/**
 * What the engine adds to a step, in milliseconds and as a multiple of a bare single-row commit on the same PostgreSQL,
 * for one run at a time and for many; and how long it takes from creating the engine to the first step done.
 */
export default async function benchmarkEngine(): Promise<BenchmarkResult> {
  await using test = await createTestDatabase({ migrations: engineMigrations })
  const { database } = test
  const scope = await test.createTenant()
  const started = performance.now()
  const engine = createEngine({
    database,
    executors: { compute: nothing },
    executorId: 'bench',
    concurrency: concurrentRuns,
  })
  await engine.launch({ exclusive: true })
  const { digest } = await engine.saveDefinition(scope, definition)
  await firstStep(engine, scope, digest)
  const coldStart = performance.now() - started
  await database.owner.pool.query('create table bare_commits (id bigserial primary key, payload text)')
  await chains(engine, scope, digest, 3, 1)

  const bare: number[] = []
  const bareAtOnce: number[] = []
  const alone: number[] = []
  const crowded: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await bareCommits(database, 1))
    alone.push(await chains(engine, scope, digest, sequentialRuns / rounds, 1))
    bareAtOnce.push(await bareCommits(database, concurrentRuns))
    crowded.push(await chains(engine, scope, digest, concurrentRuns * 2, concurrentRuns))
  }
  await engine.shutdown({ graceMs: 0 })

  const bareMs = median(bare)
  const stepMs = median(alone)
  const stepsPerSecond = 1000 / median(crowded)
  const commitsPerSecond = 1000 / median(bareAtOnce)
  const ratio = round(stepMs / bareMs)
  const shareAtOnce = round(stepsPerSecond / commitsPerSecond)
  return {
    figures: {
      'bare commit, ms': round(bareMs),
      'per step in sequence, ms': round(stepMs),
      'bare commits/s, 50 at once': round(commitsPerSecond),
      'steps/s, 50 runs at once': round(stepsPerSecond),
      'steps per bare commit, 50 at once': shareAtOnce,
      'cold start to first step, ms': round(coldStart),
    },
    ratio,
    goal,
    ok: ratio <= 6 && shareAtOnce >= 0.25 && coldStart <= 1000,
  }
}

async function firstStep(engine: Engine, scope: TenantScope, digest: Digest): Promise<void> {
  const { runId } = await engine.startRun(scope, { definition: { digest }, inputs: {} })
  for await (const { kind } of engine.watch(scope, runId)) if (kind === 'step-ended') return
}

type Digest = Awaited<ReturnType<Engine['saveDefinition']>>['digest']

/** Milliseconds per step of chains, `atOnce` of them at the same time. */
async function chains(
  engine: Engine,
  scope: TenantScope,
  digest: Digest,
  count: number,
  atOnce: number,
): Promise<number> {
  const begun = performance.now()
  let left = count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const { runId } = await engine.startRun(scope, { definition: { digest }, inputs: {} })
      for await (const { kind } of engine.watch(scope, runId)) if (kind === 'run-ended') break
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return (performance.now() - begun) / (count * steps)
}

/** Milliseconds per single-row insert that commits by itself, `atOnce` of them at the same time. */
async function bareCommits({ owner: { pool } }: Database, atOnce: number): Promise<number> {
  const begun = performance.now()
  let left = commits
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await pool.query({
        name: 'bare-commit',
        text: 'insert into bare_commits (payload) values ($1)',
        values: ['x'],
      })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return (performance.now() - begun) / commits
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
