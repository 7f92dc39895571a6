import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createModelGateway, modelMigrations, openModelDirectory } from '../../control/models/index.ts'
import type { ModelGateway } from '../../control/models/index.ts'
import { createEngine, engineMigrations } from '../../engine/index.ts'
import type { Engine } from '../../engine/index.ts'
import { registerPrincipal } from '../../governance/identity/index.ts'
import { silentLogger, systemClock } from '../../kernel/index.ts'
import type { PrincipalId, ProjectId } from '../../kernel/index.ts'
import { createGovernedStudio, startModelServer } from '../../testing/index.ts'
import type { GovernedStudio, ModelServer, ScenarioSource } from '../../testing/index.ts'
import { chainExecutor } from './chain.ts'

const understood = {
  goal: 'An empty cart costs 0.',
  now: ['It shows NaN.'],
  wanted: ['It shows 0.'],
  unclear: [],
}
const criteria = {
  goal: understood.goal,
  criteria: [{ given: 'an empty cart', when: 'the total is read', outcome: '0', kind: 'wanted' }],
  unclear: [],
}

/** Understands everything but what is hopeless. */
const scenario: ScenarioSource = {
  name: 'writes-criteria',
  steps: [
    { when: { last: 'hopeless|cannot be used' }, answer: 'I cannot say.' },
    { when: { last: 'what is wanted' }, answer: JSON.stringify(criteria) },
    { when: { turn: 1 }, answer: JSON.stringify(understood) },
  ],
}

/** As somebody writes it for their own work. */
const workflow = `
name: triage
version: 1
inputs:
  title: { description: 'What is asked.' }
  places: { description: 'Where it may be.' }
steps:
  - id: criteria
    kind: chain
    uses: acceptance-criteria
    with: { title: '=inputs.title', body: 'An empty cart shows NaN.', places: '=inputs.places' }
    timeout: 1m
    onFailure: continue
result:
  wanted: 'steps.criteria.status == "succeeded" ? steps.criteria.output.criteria[0].outcome : "unknown"'
`

let folder: string
let studio: GovernedStudio
let upstream: ModelServer
let models: ModelGateway
let engine: Engine

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-chain-'))
  upstream = await startModelServer({ scenario })
  studio = await createGovernedStudio({ migrations: [...modelMigrations, ...engineMigrations] })
  const { database, governance, scope, tenantId } = studio
  const upstreams = {
    it: { kind: 'openai-compatible', baseUrl: `${upstream.url}/v1`, deployment: 'cloud', residency: 'de' },
  }
  const planner = {
    upstream: 'it',
    context: 100_000,
    maxOutput: 4000,
    size: 'small',
    prices: { input: 1, output: 1 },
  }
  await writeFile(join(folder, 'models.yaml'), JSON.stringify({ upstreams, models: { planner } }))
  const [clock, logger] = [systemClock, silentLogger]
  const directory = await openModelDirectory({ shipped: join(folder, 'none'), own: folder, clock, logger })
  models = createModelGateway({
    ...{ door: governance.door, database, clock, logger, directory },
    credentials: () => undefined,
  })
  await database.transaction(scope, (tx) =>
    registerPrincipal(tx, tenantId, {
      id: 'agent:planner' as PrincipalId,
      kind: 'agent',
      name: 'planner',
      roles: [],
    }),
  )
  const chain = chainExecutor({ ...governance, database, models, isolation: 'none', clock, logger })
  engine = createEngine({ database, executors: { chain }, executorId: 'test' })
  await engine.launch({ exclusive: true })
})

afterAll(async () => {
  await engine.shutdown({ graceMs: 0 })
  await models.close()
  await upstream.close()
  await studio[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function run(inputs: { readonly title: string; readonly places: readonly string[] }) {
  const runId = await studio.openRun()
  const { scope } = studio
  await engine.startRun(scope, {
    ...{ runId, projectId: 'project' as ProjectId, definition: { source: workflow } },
    inputs: { ...inputs, places: [...inputs.places] },
  })
  for await (const { kind } of engine.watch(scope, runId)) if (kind === 'run-ended') break
  const [step] = await engine.listSteps(scope, runId)
  const calls = await studio.database.transaction(scope, (tx) =>
    tx.selectFrom('model_calls').selectAll().where('run_id', '=', runId).orderBy('id').execute(),
  )
  return { record: await engine.getRun(scope, runId), step, calls }
}

test('a workflow of one’s own asks a chain, and later steps read what it came to', async () => {
  const { record, step, calls } = await run({ title: 'Totals', places: ['cart.js'] })
  expect(record).toMatchObject({ status: 'succeeded', result: { wanted: '0' } })
  expect(step).toMatchObject({ status: 'succeeded', output: criteria })
  expect(
    calls.map(({ principal_id, step_id, prompt }) => [principal_id, step_id, prompt?.split(' ')[0]]),
  ).toEqual([
    ['agent:planner', 'criteria', 'understand-request@1'],
    ['agent:planner', 'criteria', 'write-criteria@1'],
  ])
})

test('what does not come to an answer is a failed step that says why, and the run goes on', async () => {
  const hopeless = await run({ title: 'hopeless', places: [] })
  expect(hopeless.record).toMatchObject({ status: 'succeeded', result: { wanted: 'unknown' } })
  expect(hopeless.step).toMatchObject({ status: 'failed', error: { code: 'ATL_DELIVERY_CHAIN_FAILED' } })
  expect(hopeless.calls.length).toBe(3)
  const wrong = await run({ title: 'x'.repeat(600), places: [] })
  expect(wrong.step).toMatchObject({ status: 'failed', error: { code: 'ATL_DELIVERY_CHAIN_FAILED' } })
  expect(wrong.calls).toEqual([])
})
