import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunId } from '../kernel/index.ts'
import { createTestDatabase } from '../testing/index.ts'
import type { TenantScope, TestDatabase } from '../testing/index.ts'
import { createEngine } from './engine.ts'
import { engineMigrations } from './migrations.ts'
import type { Engine } from './ports.ts'
import { step, workflow } from './scratch-engine.ts'
import type { WorkerOptions } from './scratch-worker.ts'

let test: TestDatabase
let scope: TenantScope
/** Asks, but performs nothing: that is for the workers. */
let client: Engine
const workers = new Set<Worker>()

interface Line {
  readonly kind: 'ready' | 'step' | 'aborted'
  readonly runId?: string
  readonly stepId?: string
}

class Worker {
  readonly lines: Line[] = []
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown>

  constructor(options: Partial<WorkerOptions> & { readonly executorId: string }) {
    const all: WorkerOptions = {
      target: test.target,
      exclusive: false,
      staleAfterMs: 1500,
      graceMs: 0,
      ...options,
    }
    const script = fileURLToPath(new URL('scratch-worker.ts', import.meta.url))
    this.#child = spawn(process.execPath, ['--no-warnings', script, JSON.stringify(all)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#exit = once(this.#child, 'exit')
    createInterface({ input: this.#child.stdout! }).on('line', (line) =>
      this.lines.push(JSON.parse(line) as Line),
    )
    workers.add(this)
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async until(isIt: (line: Line) => boolean): Promise<void> {
    while (!this.lines.some(isIt)) {
      if (!this.isAlive) throw new Error('the worker is gone')
      await delay(5)
    }
  }

  /** Until it has performed so many steps, or has found nothing more to do for a second. */
  async untilBusy(steps: number): Promise<void> {
    for (let seen = 0, quiet = 0; seen < steps && quiet < 200; quiet += 1) {
      if (this.lines.length > seen) quiet = 0
      seen = this.lines.length
      await delay(5)
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.isAlive) this.signal(signal)
    await this.#exit
  }
}

async function startWorker(executorId: string, options: Partial<WorkerOptions> = {}): Promise<Worker> {
  const worker = new Worker({ executorId, ...options })
  await worker.until(({ kind }) => kind === 'ready')
  return worker
}

beforeEach(async () => {
  test = await createTestDatabase({ migrations: engineMigrations })
  scope = await test.createTenant()
  client = createEngine({ database: test.database, executors: {}, executorId: 'client' })
})
afterEach(async () => {
  await Promise.all([...workers].map((worker) => worker.end('SIGKILL')))
  workers.clear()
  await client.shutdown()
  await test.close()
})

/** The worker that is the first to perform a step. */
async function firstWith(stepId: string, ...candidates: readonly Worker[]): Promise<Worker> {
  const isIt = (line: Line): boolean => line.stepId === stepId
  return Promise.race(candidates.map((worker) => worker.until(isIt).then(() => worker)))
}

const ended = async (runIds: readonly string[]): Promise<void> => {
  for (const runId of runIds)
    for await (const event of client.watch(scope, runId)) if (event.kind === 'run-ended') break
}

const start = async (count: number, steps: readonly object[]): Promise<readonly RunId[]> => {
  const runs = Array.from({ length: count }, () =>
    client.startRun(scope, { definition: { source: workflow(steps) }, inputs: {} }),
  )
  return (await Promise.all(runs)).map(({ runId }) => runId)
}

/** Every step of the runs ended once and was successful, and nothing is left over. */
async function expectEachStepOnce(runIds: readonly string[]): Promise<void> {
  const { rows } = await test.database.owner.pool.query<{ failed: number }>(
    `select count(*)::int as failed from dbos.workflow_status where status in ('ERROR', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')`,
  )
  expect(rows[0]).toMatchObject({ failed: 0 })
  for (const runId of runIds) {
    expect(await client.getRun(scope, runId)).toMatchObject({ status: 'succeeded' })
    const seen = new Map<string, number>()
    for await (const { kind, stepId, itemIndex } of client.watch(scope, runId)) {
      if (kind !== 'step-ended') continue
      const key = `${String(stepId)}/${String(itemIndex)}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
    expect(new Set(seen.values()), 'every end is recorded once').toEqual(new Set([1]))
  }
  const successes = await test.database.transaction(scope, (tx) =>
    tx
      .selectFrom('step_attempts')
      .select(({ fn }) => ['run_id', 'step_id', 'item_index', fn.countAll<number>().as('count')])
      .where('outcome', '=', 'succeeded')
      .groupBy(['run_id', 'step_id', 'item_index'])
      .execute(),
  )
  expect(successes.filter(({ count }) => count !== 1)).toEqual([])
}

/** Processes take seconds to start on a machine that is busy with other tests. */
const patience = 180_000

describe('a process that dies', { timeout: patience }, () => {
  it('at random points and comes back goes on at once, and every step is recorded once', async () => {
    const steps = [
      step('a', 'work', { with: { ms: 5 } }),
      step('b', 'work', { needs: ['a'], over: '[1,2,3]', parallel: 2, with: { ms: 10 } }),
      step('c', 'work', { needs: ['a'], with: { ms: 20 }, lock: '"shared"' }),
      step('d', 'work', { needs: ['b', 'c'] }),
      step('e', 'work', { needs: ['d'], with: { ms: 5 } }),
    ]
    const runIds = await start(4, steps)
    for (let kills = 0; kills < 3; kills += 1) {
      const worker = await startWorker('same', { exclusive: true, staleAfterMs: 60_000 })
      await worker.untilBusy(2 + Math.floor(Math.random() * 8))
      await delay(Math.random() * 20)
      await worker.end('SIGKILL')
    }
    await startWorker('same', { exclusive: true, staleAfterMs: 60_000 })
    await ended(runIds)
    await expectEachStepOnce(runIds)
    const locks = await test.database.transaction(scope, (tx) =>
      tx.selectFrom('resource_locks').selectAll().execute(),
    )
    expect(locks).toEqual([])
  })

  it('leaves its work to another one after the stale limit', async () => {
    const [one, other] = await Promise.all([startWorker('one'), startWorker('other')])
    const runIds = await start(4, [
      step('a', 'work', { with: { ms: 50 } }),
      step('b', 'work', { needs: ['a'], with: { ms: 1000 } }),
      step('c', 'work', { needs: ['b'] }),
    ])
    const [victim, survivor] = (await firstWith('b', one, other)) === one ? [one, other] : [other, one]
    await victim.end('SIGKILL')
    const killed = Date.now()
    await ended(runIds)
    expect(survivor.lines.filter(({ stepId }) => stepId === 'b').length).toBeGreaterThan(0)
    expect(Date.now() - killed).toBeLessThan(20_000)
    await expectEachStepOnce(runIds)
    const [b] = (await client.listSteps(scope, runIds[0]!)).filter(({ stepId }) => stepId === 'b')
    expect(b?.attempts, 'the attempt goes on, it is not another one').toBe(1)
  })

  it('only seemed to, and wakes up, cannot record what another one took over', async () => {
    const frozen = await startWorker('frozen')
    const [runId = ''] = await start(1, [
      step('a', 'work', { with: { ms: 600 } }),
      step('b', 'work', { needs: ['a'], with: { ms: 1500 } }),
    ])
    await frozen.until(({ stepId }) => stepId === 'a')
    frozen.signal('SIGSTOP')
    const second = await startWorker('second')
    await second.until(({ stepId }) => stepId === 'a')
    frozen.signal('SIGCONT')
    await ended([runId])
    await expectEachStepOnce([runId])
    const [a] = await client.listSteps(scope, runId)
    expect(a?.output).not.toBeNull()
    const attempts = await test.database.transaction(scope, (tx) =>
      tx
        .selectFrom('step_attempts')
        .select(['outcome', 'executor_id', 'take'])
        .where('step_id', '=', 'a')
        .orderBy('take')
        .execute(),
    )
    expect(attempts).toEqual([
      { outcome: 'lost', executor_id: 'frozen', take: 1 },
      { outcome: 'succeeded', executor_id: 'second', take: 2 },
    ])
  })

  it('for good, over and over in the same step, is not fed that step forever', async () => {
    const [runId = ''] = await start(1, [step('a', 'work', { with: { ms: 60_000 } })])
    const take = async (takes: number): Promise<void> => {
      await test.database.owner.pool.query('alter table run_steps no force row level security')
      await test.database.owner.pool.query('update run_steps set takes = $1 where run_id = $2', [
        takes,
        runId,
      ])
      await test.database.owner.pool.query('alter table run_steps force row level security')
    }
    const first = await startWorker('same', { exclusive: true })
    await first.until(({ stepId }) => stepId === 'a')
    await first.end('SIGKILL')
    await take(25)
    await startWorker('same', { exclusive: true })
    await ended([runId])
    expect(await client.getRun(scope, runId)).toMatchObject({
      status: 'failed',
      error: { code: 'ATL_ENGINE_STEP_CRASHES' },
    })
  })
})

describe('a process that is shut down', { timeout: patience }, () => {
  it('hands its steps over at once, without counting them as failed', async () => {
    const patient = { staleAfterMs: 60_000 }
    const [one, other] = await Promise.all([startWorker('one', patient), startWorker('other', patient)])
    const [runId = ''] = await start(1, [
      step('a', 'work', { with: { ms: 3000 } }),
      step('b', 'work', { needs: ['a'] }),
    ])
    const [leaving, staying] = (await firstWith('a', one, other)) === one ? [one, other] : [other, one]
    await leaving.end('SIGTERM')
    await staying.until(({ stepId }) => stepId === 'a')
    await ended([runId])
    await expectEachStepOnce([runId])
    expect((await client.listSteps(scope, runId))[0]?.attempts).toBe(1)
  })

  it('lets them end within the grace', async () => {
    const first = await startWorker('first', { graceMs: 5000 })
    const [runId = ''] = await start(1, [step('a', 'work', { with: { ms: 500 } })])
    await first.until(({ stepId }) => stepId === 'a')
    await first.end('SIGTERM')
    expect(await client.getRun(scope, runId)).toMatchObject({ status: 'succeeded' })
  })
})

describe('a run that is cancelled from another process', { timeout: patience }, () => {
  it('aborts the step where it is performed', async () => {
    const worker = await startWorker('worker')
    const [runId = ''] = await start(1, [step('a', 'work', { with: { ms: 60_000 } })])
    await worker.until(({ stepId }) => stepId === 'a')
    await client.cancelRun(scope, runId, 'no')
    await ended([runId])
    expect(worker.lines.map(({ kind }) => kind)).toContain('aborted')
    expect(await client.getRun(scope, runId)).toMatchObject({ status: 'cancelled' })
  })
})
