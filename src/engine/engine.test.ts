import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineErrors } from '../kernel/index.ts'
import type { JsonValue, StepInvocation } from './ports.ts'
import { startEngine, step, workflow } from './scratch-engine.ts'
import type { EngineHarness } from './scratch-engine.ts'

const testErrors = defineErrors('ENGINE_TEST', { FINAL: { summary: 'Final', remedy: 'None.' } })

let harness: EngineHarness
/** How many performances of `count` are under way, and were at most, by name. */
const atOnce = { now: 0, most: 0 }
const failures = new Map<string, number>()
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

beforeAll(async () => {
  harness = await startEngine({
    async count({ with: { ms = 30 } }) {
      atOnce.now += 1
      atOnce.most = Math.max(atOnce.most, atOnce.now)
      await pause(Number(ms))
      atOnce.now -= 1
      return { kind: 'succeeded', output: null }
    },
    flaky({ runId, with: { times = 1 } }) {
      const failed = failures.get(runId) ?? 0
      failures.set(runId, failed + 1)
      if (failed < Number(times)) throw new Error('not yet')
      return { kind: 'succeeded', output: { after: failed } }
    },
    final() {
      throw testErrors.FINAL()
    },
    cycle() {
      const output: Record<string, JsonValue> = {}
      output['self'] = output
      return { kind: 'succeeded', output }
    },
    big: () => ({ kind: 'succeeded', output: 'x'.repeat(17 * 1024 * 1024) }),
    ignorant: () => new Promise(() => undefined),
    chatty(invocation: StepInvocation) {
      invocation.emit({ kind: 'log', data: { message: 'one \u0000 \ud800 two' } })
      invocation.emit({ kind: 'progress', data: { done: 1 } })
      return { kind: 'succeeded', output: 'said \u0000 \ud800 it' }
    },
  })
})
afterAll(() => harness[Symbol.asyncDispose]())

describe('a run', () => {
  it('performs steps after their needs and evaluates expressions between them', async () => {
    const run = await harness.run(
      workflow(
        [
          step('a', 'echo', { with: { n: '=inputs.n + 1' } }),
          step('b', 'echo', { needs: ['a'], with: { n: '=steps.a.output.n * 10' } }),
          step('c', 'echo', { needs: ['a'], with: { n: '=steps.a.output.n * 100' } }),
          step('d', 'echo', { needs: ['b', 'c'], with: { sum: '=steps.b.output.n + steps.c.output.n' } }),
        ],
        {
          inputs: { n: { description: 'a number' } },
          result: { sum: 'steps.d.output.sum', last: 'steps.d.status' },
        },
      ),
      { n: 1 },
    )
    expect(run).toMatchObject({ status: 'succeeded', result: { sum: 220, last: 'succeeded' } })
    const order = harness.calls.filter(({ runId }) => runId === run.runId).map(({ stepId }) => stepId)
    expect([order[0], order.at(-1)]).toEqual(['a', 'd'])
  })

  it('tells every step who asked for it, and gives it a key that stays', async () => {
    const run = await harness.run(workflow([step('a', 'flaky', { retry: { attempts: 2, backoff: '1ms' } })]))
    const [first, second] = harness.calls.filter(({ runId }) => runId === run.runId)
    expect(first).toMatchObject({ ...ids(harness), attempt: 1, stepId: 'a', role: 'forward' })
    expect(second?.attempt).toBe(2)
    expect(second?.idempotencyKey).toBe(first?.idempotencyKey)
  })

  it('skips what a condition excludes, and what needs it, unless that decides for itself', async () => {
    const run = await harness.run(
      workflow([
        step('a', 'echo'),
        step('b', 'echo', { needs: ['a'], when: 'steps.a.status == "failed"' }),
        step('c', 'echo', { needs: ['b'] }),
        step('d', 'echo', { needs: ['b'], when: 'steps.b.status == "skipped"' }),
      ]),
    )
    expect(await harness.statuses(run.runId)).toEqual({
      a: 'succeeded',
      b: 'skipped',
      c: 'skipped',
      d: 'succeeded',
    })
  })

  it('started twice under one id is one run; with other inputs it is refused', async () => {
    const definition = workflow([step('a', 'echo')], { inputs: { n: { description: 'x' } } })
    const [first, second] = await Promise.all([
      harness.run(definition, { n: 1 }, 'run-twice'),
      harness.run(definition, { n: 1 }, 'run-twice'),
    ])
    expect(first).toEqual(second)
    expect(harness.calls.filter(({ runId }) => runId === 'run-twice')).toHaveLength(1)
    await expect(harness.run(definition, { n: 2 }, 'run-twice')).rejects.toMatchObject({
      code: 'ATL_ENGINE_RUN_ID_TAKEN',
    })
  })

  it('refuses inputs that are missing or not declared, unknown definitions and odd ids', async () => {
    const definition = workflow([step('a', 'echo')], { inputs: { n: { description: 'x' } } })
    const refused = (code: string) => ({ code: `ATL_ENGINE_${code}` })
    await expect(harness.run(definition)).rejects.toMatchObject(refused('MISSING_INPUT'))
    await expect(harness.run(definition, { n: 1, m: 2 })).rejects.toMatchObject(refused('UNDECLARED_INPUT'))
    await expect(harness.run(definition, { n: 1 }, '../x')).rejects.toMatchObject(refused('BAD_RUN_ID'))
    const digest = `sha256:${'0'.repeat(64)}` as Parameters<typeof harness.engine.setDefinitionState>[1]
    const unknown = harness.engine.startRun(harness.scope, { definition: { digest }, inputs: {} })
    await expect(unknown).rejects.toMatchObject(refused('UNKNOWN_DEFINITION'))
    await expect(harness.engine.getRun(harness.scope, 'nope')).rejects.toMatchObject(refused('UNKNOWN_RUN'))
  })

  it('stays on its version, and only approved versions start', async () => {
    const { engine, scope } = harness
    const saved = await engine.saveDefinition(
      scope,
      workflow([step('a', 'ask'), step('b', 'echo', { needs: ['a'] })]),
      'draft',
    )
    const start = () => engine.startRun(scope, { definition: saved, inputs: {} })
    await expect(start()).rejects.toMatchObject({ code: 'ATL_ENGINE_NOT_APPROVED' })
    await engine.setDefinitionState(scope, saved.digest, 'approved')
    const { runId } = await start()
    await harness.settled(runId)
    await engine.setDefinitionState(scope, saved.digest, 'retired')
    await expect(start()).rejects.toMatchObject({ code: 'ATL_ENGINE_NOT_APPROVED' })
    await engine.complete(scope, runId, 'a', 'yes')
    expect(await harness.settled(runId)).toMatchObject({
      status: 'succeeded',
      workflow: { digest: saved.digest },
    })
  })
})

describe('failures', () => {
  it('are tried again with growing delays, and the attempts are on the record', async () => {
    const started = Date.now()
    const retry = { attempts: 3, backoff: '100ms', factor: 2 }
    const run = await harness.run(workflow([step('a', 'flaky', { retry, with: { times: 2 } })]))
    expect(run.status).toBe('succeeded')
    expect(Date.now() - started).toBeGreaterThanOrEqual(300)
    const delays = (await harness.events(run.runId))
      .filter(({ kind }) => kind === 'step-retrying')
      .map(({ data }) => data['delayMs'])
    expect(delays).toEqual([100, 200])
  })

  it('that say that another try does not help are final', async () => {
    const run = await harness.run(workflow([step('a', 'final', { retry: { attempts: 5, backoff: '1ms' } })]))
    expect(run).toMatchObject({
      status: 'failed',
      error: { code: 'ATL_ENGINE_TEST_FINAL', details: { stepId: 'a' } },
    })
    expect(harness.calls.filter(({ runId }) => runId === run.runId)).toHaveLength(1)
  })

  it('end the run, and what has not begun never begins', async () => {
    const run = await harness.run(
      workflow([step('a', 'fail'), step('b', 'echo', { needs: ['a'] }), step('c', 'hang'), step('d', 'ask')]),
    )
    expect(run).toMatchObject({ status: 'failed', error: { message: 'it broke' } })
    expect(await harness.statuses(run.runId)).toEqual({
      a: 'failed',
      b: 'cancelled',
      c: 'cancelled',
      d: 'cancelled',
    })
  })

  it('do not end the run where the step says so', async () => {
    const run = await harness.run(
      workflow([
        step('a', 'fail', { onFailure: 'continue' }),
        step('b', 'echo', { needs: ['a'], with: { code: '=steps.a.error.code' } }),
      ]),
    )
    expect(run.status).toBe('succeeded')
    const [, b] = await harness.engine.listSteps(harness.scope, run.runId)
    expect(b?.output).toEqual({ code: 'ATL_INTERNAL' })
  })

  it('of expressions name the expression', async () => {
    const failing = async (rest: object) => {
      const run = await harness.run(
        workflow([step('a', 'echo'), step('b', 'echo', { needs: ['a'], ...rest })]),
      )
      return run.error
    }
    expect(await failing({ with: { x: '=steps.a.output.nope.deep' } })).toMatchObject({
      code: 'ATL_ENGINE_EXPRESSION_FAILED',
    })
    expect((await failing({ when: 'steps.a.output.nope == 1' }))?.message).toContain('`when`')
    expect(await failing({ when: 'dyn(1)' })).toMatchObject({ code: 'ATL_ENGINE_EXPRESSION_FAILED' })
    expect(await failing({ over: 'dyn(1)' })).toMatchObject({ code: 'ATL_ENGINE_NOT_A_LIST' })
    expect(await failing({ lock: 'dyn(1)' })).toMatchObject({ code: 'ATL_ENGINE_EXPRESSION_FAILED' })
  })

  it('to keep a deadline end the step, also one that ignores its signal', async () => {
    const timed = async (uses: string) => {
      const started = Date.now()
      const run = await harness.run(workflow([step('a', uses, { timeout: '100ms' })]))
      return { code: run.error?.code, took: Date.now() - started }
    }
    const [polite, ignorant] = await Promise.all([timed('hang'), timed('ignorant')])
    expect(polite.code).toBe('ATL_ENGINE_STEP_TIMED_OUT')
    expect(ignorant.code).toBe('ATL_ENGINE_STEP_TIMED_OUT')
    expect(polite.took).toBeLessThan(ignorant.took)
  })

  it('to answer plain JSON of reasonable size are errors of the step', async () => {
    for (const uses of ['cycle', 'big']) {
      const run = await harness.run(workflow([step('a', uses)]))
      expect(run.error, uses).toMatchObject({ code: 'ATL_ENGINE_BAD_OUTPUT' })
    }
  })

  it('of nobody being there for a kind of step are clear', async () => {
    await using other = await startOther()
    expect((await other.run(workflow([step('a', 'echo')]))).error).toMatchObject({
      code: 'ATL_ENGINE_NO_EXECUTOR',
    })
  })
})

/** A second engine cannot run in this process, so the first one has to make room. */
async function startOther(): Promise<EngineHarness> {
  await harness.engine.shutdown()
  const other = await startEngine({}, { executors: {} })
  return {
    ...other,
    async [Symbol.asyncDispose]() {
      await other[Symbol.asyncDispose]()
      const { test } = harness
      await test.close()
      harness = await startEngine()
    },
  }
}

function ids({ scope }: EngineHarness) {
  return { tenantId: scope.tenantId, principalId: scope.principalId }
}
