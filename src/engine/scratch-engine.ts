import { createTestDatabase } from '../testing/index.ts'
import type { TestDatabase, TenantScope } from '../testing/index.ts'
import { createEngine } from './engine.ts'
import { engineMigrations } from './migrations.ts'
import type {
  Engine,
  EngineOptions,
  JsonObject,
  RunEvent,
  RunRecord,
  StepInvocation,
  StepOutcome,
} from './ports.ts'

/** What a step does, by its `uses`. */
export type Performer = (step: StepInvocation) => Promise<StepOutcome> | StepOutcome

export interface EngineHarness extends AsyncDisposable {
  readonly test: TestDatabase
  readonly scope: TenantScope
  readonly engine: Engine
  /** Every call that was made, in order. */
  readonly calls: StepInvocation[]
  run(definition: unknown, inputs?: JsonObject, runId?: string): Promise<RunRecord>
  /** Waits until the run has ended, or waits for an answer. */
  settled(runId: string): Promise<RunRecord>
  events(runId: string): Promise<readonly RunEvent[]>
  statuses(runId: string): Promise<Readonly<Record<string, string>>>
}

/** An engine on a database of its own, whose steps do what the performers say; `echo` answers its arguments. */
export async function startEngine(
  performers: Readonly<Record<string, Performer>> = {},
  options: Partial<EngineOptions> = {},
): Promise<EngineHarness> {
  const test = await createTestDatabase({ migrations: engineMigrations })
  const scope = await test.createTenant()
  const calls: StepInvocation[] = []
  const all: Readonly<Record<string, Performer>> = { ...builtIn, ...performers }
  const execute = async (step: StepInvocation): Promise<StepOutcome> => {
    calls.push(step)
    const perform = all[step.uses]
    if (perform === undefined) throw new Error(`nothing performs ${step.uses}`)
    return await perform(step)
  }
  const executor = { execute }
  const engine = createEngine({
    database: test.database,
    executors: {
      tool: executor,
      agent: executor,
      approval: executor,
      compute: executor,
      validation: executor,
    },
    executorId: 'test',
    ...options,
  })
  await engine.launch({ exclusive: true })
  const settled = async (runId: string): Promise<RunRecord> => {
    let position = 0
    for await (const event of engine.watch(scope, runId)) {
      position = event.sequence
      if (event.kind !== 'run-waiting') continue
      const run = await engine.getRun(scope, runId)
      if (run.status === 'waiting') return run
    }
    const run = await engine.getRun(scope, runId)
    return run.endedAt === null ? settledAfter(engine, scope, runId, position) : run
  }
  return {
    test,
    scope,
    engine,
    calls,
    settled,
    async run(definition, inputs = {}, runId) {
      const source = { definition: { source: definition }, inputs }
      const started = await engine.startRun(scope, {
        ...source,
        ...(runId === undefined ? {} : { runId: runId as RunRecord['runId'] }),
      })
      return settled(started.runId)
    },
    async events(runId) {
      const events: RunEvent[] = []
      for await (const event of engine.watch(scope, runId, { follow: false })) events.push(event)
      return events
    },
    async statuses(runId) {
      const steps = await engine.listSteps(scope, runId)
      return Object.fromEntries(
        steps.map(({ stepId, itemIndex, status }) => [
          itemIndex === undefined ? stepId : `${stepId}[${itemIndex}]`,
          status,
        ]),
      )
    },
    async [Symbol.asyncDispose]() {
      await engine.shutdown({ graceMs: 0 })
      await test.close()
    },
  }
}

async function settledAfter(
  engine: Engine,
  scope: TenantScope,
  runId: string,
  position: number,
): Promise<RunRecord> {
  for await (const event of engine.watch(scope, runId, { afterSequence: position }))
    if (event.kind === 'run-ended') break
  return engine.getRun(scope, runId)
}

const builtIn: Readonly<Record<string, Performer>> = {
  echo: ({ with: output }) => ({ kind: 'succeeded', output }),
  fail: () => {
    throw new Error('it broke')
  },
  ask: () => ({ kind: 'waiting', reason: 'somebody has to say', payload: { question: 'well?' } }),
  /** Never ends by itself. */
  hang: ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('told to stop')))
    }),
}

export const step = (id: string, uses: string, rest: object = {}): object => ({
  id,
  kind: 'tool',
  uses,
  ...rest,
})

export const workflow = (steps: readonly object[], rest: object = {}): object => ({
  name: 'test',
  version: 1,
  steps,
  ...rest,
})
