import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEngine, step, workflow } from './scratch-engine.ts'
import type { EngineHarness } from './scratch-engine.ts'

let harness: EngineHarness
const gauge = { now: 0, most: 0 }
const broken = new Set<string>()
/** The last thing that a run was told. */
const told = new Map<string, string>()
const done: string[] = []
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))
const callsOf = (runId: string) => harness.calls.filter((call) => call.runId === runId)

/** Durable functions of a run that are held somewhere. */
async function unfinishedTickets(runId: string): Promise<number | null> {
  const { rowCount } = await harness.test.database.owner.pool.query(
    `select from dbos.workflow_status where status in ('PENDING', 'ENQUEUED') and workflow_uuid like $1`,
    [`%${runId}%`],
  )
  return rowCount
}

beforeAll(async () => {
  harness = await startEngine({
    async measure() {
      gauge.now += 1
      gauge.most = Math.max(gauge.most, gauge.now)
      await pause(40)
      gauge.now -= 1
      return { kind: 'succeeded', output: null }
    },
    /** Fails while its run is in `broken`. */
    repairable({ runId }) {
      if ([...broken].some((prefix) => runId.startsWith(prefix))) throw new Error('broken')
      return { kind: 'succeeded', output: 'fine' }
    },
    odd({ with: { n } }) {
      if (Number(n) % 2 === 1) throw new Error(`odd: ${JSON.stringify(n)}`)
      return { kind: 'succeeded', output: n ?? null }
    },
    undo({ stepId, itemIndex, output, with: { note } }) {
      done.push(`${stepId}${itemIndex ?? ''}:${JSON.stringify(output)}:${JSON.stringify(note)}`)
      return { kind: 'succeeded', output: null }
    },
    stubborn: () => {
      throw new Error('cannot be undone')
    },
    'ask-twice': ({ runId }) =>
      told.get(runId) === 'second'
        ? { kind: 'succeeded', output: 'second' }
        : { kind: 'waiting', reason: 'the second answer' },
    'ask-until': ({ attempt, with: { ms } }) =>
      attempt === 1
        ? { kind: 'waiting', reason: 'an answer in time', until: Date.now() + Number(ms) }
        : { kind: 'succeeded', output: 'too late' },
    chatty({ emit }) {
      emit({ kind: 'log', data: { message: 'one \u0000 \ud800 two' } })
      emit({ kind: 'progress', data: { done: 1 } })
      return { kind: 'succeeded', output: 'said \u0000 \ud800 it' }
    },
  })
})
afterAll(() => harness[Symbol.asyncDispose]())

describe('a fan-out', () => {
  it('performs the step once per item, so many at once, and gathers the outputs in order', async () => {
    const run = await harness.run(
      workflow(
        [
          step('list', 'echo', { with: { items: [3, 1, 2] } }),
          step('each', 'echo', {
            needs: ['list'],
            over: 'steps.list.output.items',
            with: { n: '=item', at: '=index' },
          }),
          step('sum', 'echo', { needs: ['each'], with: { all: '=steps.each.output.map(x, x.n)' } }),
        ],
        { result: { all: 'steps.sum.output.all' } },
      ),
    )
    expect(run.result).toEqual({ all: [3, 1, 2] })
    const keys = callsOf(run.runId)
      .filter(({ stepId }) => stepId === 'each')
      .map((call) => call.idempotencyKey)
    expect(new Set(keys).size).toBe(3)
  })

  it('keeps to its limit', async () => {
    gauge.most = 0
    const run = await harness.run(
      workflow([step('each', 'measure', { over: '[1,2,3,4,5,6,7]', parallel: 3 })]),
    )
    expect(run.status).toBe('succeeded')
    expect(gauge.most).toBe(3)
  })

  it('over nothing succeeds with nothing', async () => {
    const run = await harness.run(
      workflow([step('each', 'echo', { over: '[]' })], { result: { all: 'steps.each.output' } }),
    )
    expect(run.result).toEqual({ all: [] })
  })

  it('stops at the first failure, or gathers what succeeded where the step says so', async () => {
    const each = { over: '[0,1,2]', with: { n: '=item' }, parallel: 1 }
    const strict = await harness.run(workflow([step('each', 'odd', each)]))
    expect(strict).toMatchObject({ status: 'failed', error: { code: 'ATL_ENGINE_ITEMS_FAILED' } })
    expect(strict.error?.message).toContain('odd: 1')
    expect(await harness.statuses(strict.runId)).toMatchObject({
      'each[0]': 'succeeded',
      'each[2]': 'cancelled',
    })

    const lenient = await harness.run(workflow([step('each', 'odd', { ...each, onFailure: 'continue' })]))
    const [whole] = await harness.engine.listSteps(harness.scope, lenient.runId)
    expect(lenient.status).toBe('succeeded')
    expect(whole).toMatchObject({ status: 'failed', output: [0, null, 2] })
  })

  it('of hundreds is gathered completely', async () => {
    const inputs = { list: { description: 'x' } }
    const each = step('each', 'echo', { over: 'inputs.list', with: { n: '=item' }, parallel: 50 })
    const definition = workflow([each], { inputs, result: { count: 'size(steps.each.output)' } })
    const run = await harness.run(definition, { list: Array.from({ length: 300 }, (_, n) => n) })
    expect(run.result).toEqual({ count: 300 })
  })
})

describe('waiting', () => {
  it('holds nothing, shows what it waits for, and goes on with the answer', async () => {
    const { engine, scope } = harness
    const asked = await harness.run(
      workflow([step('a', 'ask'), step('b', 'echo', { needs: ['a'], with: { said: '=steps.a.output' } })]),
    )
    expect(asked.status).toBe('waiting')
    const [a] = await engine.listSteps(scope, asked.runId)
    expect(a).toMatchObject({
      status: 'waiting',
      waiting: { reason: 'somebody has to say', payload: { question: 'well?' } },
    })
    await expect.poll(() => unfinishedTickets(asked.runId)).toBe(0)
    await engine.complete(scope, asked.runId, 'a', { decision: 'approved' })
    const ended = await harness.settled(asked.runId)
    expect(ended.status).toBe('succeeded')
    expect(callsOf(asked.runId).at(-1)?.with).toEqual({ said: { decision: 'approved' } })
  })

  it('takes the same answer twice, another one not, and none for steps that do not wait', async () => {
    const { engine, scope } = harness
    const { runId } = await harness.run(workflow([step('a', 'ask'), step('b', 'ask', { needs: ['a'] })]))
    await engine.complete(scope, runId, 'a', { b: 1, a: 2 })
    await engine.complete(scope, runId, 'a', { a: 2, b: 1 })
    const code = (name: string) => ({ code: `ATL_ENGINE_${name}` })
    await expect(engine.complete(scope, runId, 'a', 'other')).rejects.toMatchObject(code('ALREADY_COMPLETED'))
    await expect(engine.complete(scope, runId, 'nope', 1)).rejects.toMatchObject(code('UNKNOWN_STEP'))
    await engine.cancelRun(scope, runId, 'enough')
    await expect(engine.complete(scope, runId, 'b', 1)).rejects.toMatchObject(code('NOT_WAITING'))
  })

  it('is performed again when woken, keeps waiting if there is nothing yet, and takes no harm from more calls', async () => {
    const { engine, scope } = harness
    const { runId } = await harness.run(
      workflow([step('a', 'ask-twice'), step('b', 'echo', { needs: ['a'] })]),
    )
    for (const answer of ['first', 'second']) {
      told.set(runId, answer)
      await Promise.all([engine.wake(scope, runId, 'a'), engine.wake(scope, runId, 'a')])
      if (answer === 'first') await harness.settled(runId)
    }
    expect((await harness.settled(runId)).status).toBe('succeeded')
    await engine.wake(scope, runId, 'a')
    await expect(engine.wake(scope, runId, 'nope')).rejects.toMatchObject({ code: 'ATL_ENGINE_UNKNOWN_STEP' })
    const asked = callsOf(runId).filter(({ stepId }) => stepId === 'a')
    expect(asked.length).toBeGreaterThanOrEqual(3)
    expect(new Set(asked.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
    expect(new Set(asked.map(({ attempt }) => attempt)).size).toBe(asked.length)
  })

  it('ends by itself at the time that was set, unless it was cancelled and done again before', async () => {
    const { engine, scope } = harness
    const definition = workflow([step('a', 'ask-until', { with: { ms: 300 } })])
    const { runId } = await engine.startRun(scope, { definition: { source: definition }, inputs: {} })
    for await (const event of engine.watch(scope, runId)) if (event.kind === 'run-ended') break
    expect(callsOf(runId).map(({ attempt }) => attempt)).toEqual([1, 2])
    const late = await harness.run(workflow([step('a', 'ask-until', { with: { ms: 3_600_000 } })]))
    expect((await engine.listSteps(scope, late.runId))[0]?.waiting?.until).toBeGreaterThan(Date.now())
    await engine.cancelRun(scope, late.runId, 'no')
    await engine.retryRun(scope, late.runId)
    await expect
      .poll(async () => (await engine.getRun(scope, late.runId)).status, { timeout: 20_000 })
      .toBe('succeeded')
  })

  it('of several answers at once lets one win', async () => {
    const { engine, scope } = harness
    const { runId } = await harness.run(workflow([step('a', 'ask')]))
    const answers = await Promise.allSettled([1, 2, 3, 4].map((n) => engine.complete(scope, runId, 'a', n)))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('cancelling', () => {
  it('tells running steps, and records who asked and why', async () => {
    const { engine, scope } = harness
    const { runId } = await engine.startRun(scope, {
      definition: { source: workflow([step('a', 'hang'), step('b', 'echo', { needs: ['a'] })]) },
      inputs: {},
    })
    while (callsOf(runId).length === 0) await pause(10)
    await engine.cancelRun(scope, runId, 'changed my mind')
    await engine.cancelRun(scope, runId, 'again')
    const run = await harness.settled(runId)
    expect(run).toMatchObject({
      status: 'cancelled',
      error: { details: { reason: 'changed my mind', principalId: scope.principalId } },
    })
    expect(callsOf(runId)[0]?.signal.aborted).toBe(true)
    await engine.cancelRun(scope, runId, 'once more')
  })

  it('is refused for a run that has ended otherwise', async () => {
    const { runId } = await harness.run(workflow([step('a', 'echo')]))
    const cancelling = harness.engine.cancelRun(harness.scope, runId, 'late')
    await expect(cancelling).rejects.toMatchObject({ code: 'ATL_ENGINE_RUN_ENDED' })
  })
})

describe('compensation', () => {
  const compensate = { uses: 'undo', with: { note: '=steps.a.output.n' } }

  it('undoes what succeeded in reverse order, with what it had answered', async () => {
    done.length = 0
    const run = await harness.run(
      workflow([
        step('a', 'echo', { with: { n: 1 }, compensate }),
        step('b', 'echo', { needs: ['a'], over: '[7, 8]', parallel: 1, with: { n: '=item' }, compensate }),
        step('c', 'echo', { needs: ['b'] }),
        step('d', 'fail', { needs: ['c'], compensate }),
      ]),
    )
    expect(run.status).toBe('failed')
    expect(done).toEqual(['b1:{"n":8}:1', 'b0:{"n":7}:1', 'a:{"n":1}:1'])
    expect(await harness.statuses(run.runId)).toMatchObject({ a: 'compensated', c: 'succeeded', d: 'failed' })
    const undo = callsOf(run.runId).find(({ role }) => role === 'compensation')
    expect(undo?.idempotencyKey).not.toBe(
      callsOf(run.runId).find(({ stepId }) => stepId === 'b')?.idempotencyKey,
    )
  })

  it('goes on when one cannot be undone', async () => {
    done.length = 0
    const run = await harness.run(
      workflow([
        step('a', 'echo', { with: { n: 1 }, compensate }),
        step('b', 'echo', { needs: ['a'], compensate: { uses: 'stubborn' } }),
        step('c', 'fail', { needs: ['b'] }),
      ]),
    )
    expect(run).toMatchObject({ status: 'failed', error: { message: 'it broke' } })
    expect(done).toHaveLength(1)
    expect(await harness.statuses(run.runId)).toMatchObject({ a: 'compensated', b: 'succeeded' })
  })

  it('follows a cancellation, too', async () => {
    done.length = 0
    const { runId } = await harness.run(
      workflow([step('a', 'echo', { with: { n: 5 }, compensate }), step('b', 'ask', { needs: ['a'] })]),
    )
    await harness.engine.cancelRun(harness.scope, runId, 'no')
    expect((await harness.settled(runId)).status).toBe('cancelled')
    expect(done).toEqual(['a:{"n":5}:5'])
  })
})

describe('resuming', () => {
  it('does again what failed and leaves what succeeded', async () => {
    broken.add('run-broken')
    const definition = workflow([
      step('a', 'echo'),
      step('b', 'repairable', { needs: ['a'] }),
      step('c', 'echo', { needs: ['b'] }),
    ])
    const failed = await harness.run(definition, {}, 'run-broken')
    expect(failed.status).toBe('failed')
    broken.clear()
    await harness.engine.retryRun(harness.scope, failed.runId)
    const run = await harness.settled(failed.runId)
    expect(run).toMatchObject({ status: 'succeeded', error: null })
    expect(callsOf(run.runId).map(({ stepId, attempt }) => `${stepId}${attempt}`)).toEqual([
      'a1',
      'b1',
      'b2',
      'c1',
    ])
    const keys = callsOf(run.runId)
      .filter(({ stepId }) => stepId === 'b')
      .map((call) => call.idempotencyKey)
    expect(new Set(keys).size).toBe(1)
  })

  it('does what was undone again as a new act', async () => {
    broken.add('run-undone')
    const steps = [
      step('a', 'echo', { compensate: { uses: 'undo' } }),
      step('b', 'repairable', { needs: ['a'] }),
    ]
    const failed = await harness.run(workflow(steps), {}, 'run-undone')
    broken.clear()
    await harness.engine.retryRun(harness.scope, failed.runId)
    expect((await harness.settled(failed.runId)).status).toBe('succeeded')
    const keys = callsOf(failed.runId).filter(({ stepId, role }) => stepId === 'a' && role === 'forward')
    expect(new Set(keys.map((call) => call.idempotencyKey)).size).toBe(2)
  })

  it('is refused while a run goes on, and after success', async () => {
    const refusal = { code: 'ATL_ENGINE_NOT_RESUMABLE' }
    const succeeded = await harness.run(workflow([step('a', 'echo')]))
    await expect(harness.engine.retryRun(harness.scope, succeeded.runId)).rejects.toMatchObject(refusal)
    const waiting = await harness.run(workflow([step('a', 'ask')]))
    await expect(harness.engine.retryRun(harness.scope, waiting.runId)).rejects.toMatchObject(refusal)
  })
})

describe('revising the plan', () => {
  it('replaces what has not begun, and keeps a version with its reason', async () => {
    const { engine, scope, test } = harness
    const { runId } = await harness.run(
      workflow([
        step('a', 'echo', { with: { n: 1 } }),
        step('b', 'ask', { needs: ['a'] }),
        step('c', 'fail', { needs: ['b'] }),
      ]),
    )
    const revised = [
      step('c', 'echo', { needs: ['b'], with: { n: '=steps.a.output.n' } }),
      step('d', 'echo', { needs: ['c'] }),
    ]
    expect(await engine.revisePlan(scope, runId, revised, 'c would fail')).toBe(2)
    await engine.complete(scope, runId, 'b', 'go')
    const run = await harness.settled(runId)
    expect(run).toMatchObject({ status: 'succeeded', planVersion: 2 })
    expect(await harness.statuses(runId)).toEqual({
      a: 'succeeded',
      b: 'succeeded',
      c: 'succeeded',
      d: 'succeeded',
    })
    const plans = await test.database.transaction(scope, (tx) =>
      tx
        .selectFrom('run_plans')
        .select(['version', 'reason'])
        .where('run_id', '=', runId)
        .orderBy('version')
        .execute(),
    )
    expect(plans).toMatchObject([{ version: 1 }, { version: 2, reason: 'c would fail' }])
  })

  it('refuses plans that do not hold together, and changes nothing then', async () => {
    const { engine, scope } = harness
    const { runId } = await harness.run(workflow([step('a', 'ask'), step('b', 'echo', { needs: ['a'] })]))
    const revise = (steps: readonly object[]) => engine.revisePlan(scope, runId, steps, 'why not')
    await expect(revise([step('b', 'echo', { needs: ['zzz'] })])).rejects.toMatchObject({
      code: 'ATL_WORKFLOW_UNKNOWN_NEED',
    })
    await expect(revise([step('a', 'echo')])).rejects.toMatchObject({ code: 'ATL_WORKFLOW_DUPLICATE_STEP' })
    expect((await engine.getRun(scope, runId)).planVersion).toBe(1)
    expect(await revise([])).toBe(2)
    await engine.complete(scope, runId, 'a', 1)
    expect((await harness.settled(runId)).status).toBe('succeeded')
    await expect(revise([step('z', 'echo')])).rejects.toMatchObject({ code: 'ATL_ENGINE_RUN_ENDED' })
  })
})

describe('locks', () => {
  it('let one step at a time through, over all runs, in the order of asking', async () => {
    gauge.most = 0
    const definition = workflow([step('a', 'measure', { lock: '"branch:" + inputs.branch' })], {
      inputs: { branch: { description: 'x' } },
    })
    const runs = await Promise.all(
      ['main', 'main', 'main', 'main'].map((branch, n) =>
        harness.run(definition, { branch }, `run-lock-${n}`),
      ),
    )
    expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded'])
    expect(gauge.most).toBe(1)
    const left = await harness.test.database.transaction(harness.scope, (tx) =>
      tx.selectFrom('resource_locks').selectAll().execute(),
    )
    expect(left).toEqual([])
  })

  it('are given up by failures and cancellations, and by those who only wait', async () => {
    const { engine, scope } = harness
    const locked = (uses: string) => workflow([step('a', uses, { lock: '"one"' })])
    const start = async (uses: string): Promise<string> =>
      (await engine.startRun(scope, { definition: { source: locked(uses) }, inputs: {} })).runId
    const holder = await start('ask')
    const queued = await start('echo')
    const last = await start('echo')
    await harness.settled(holder)
    await engine.cancelRun(scope, queued, 'no')
    expect((await engine.getRun(scope, last)).status).toBe('running')
    await engine.cancelRun(scope, holder, 'no')
    expect((await harness.settled(last)).status).toBe('succeeded')
  })
})

describe('sub-workflows', () => {
  it('run on their own and end the step with their result', async () => {
    const { engine, scope } = harness
    const child = workflow([step('x', 'echo', { with: { n: '=inputs.n' } })], {
      name: 'child',
      inputs: { n: { description: 'x' } },
      result: { doubled: 'steps.x.output.n * 2' },
    })
    await engine.saveDefinition(scope, child)
    const run = await harness.run(
      workflow([{ ...step('sub', 'child', { with: { n: '=item' }, over: '[1, 2, 3]' }), kind: 'workflow' }], {
        result: { all: 'steps.sub.output.map(x, x.doubled)' },
      }),
    )
    expect(run).toMatchObject({ status: 'succeeded', result: { all: [2, 4, 6] } })
    const { items } = await engine.listRuns(scope, { topLevel: true, limit: 200 })
    expect(items.map(({ runId }) => runId)).not.toContain(`${run.runId}.sub.0`)
    expect((await engine.getRun(scope, `${run.runId}.sub.0`)).parent).toEqual({
      runId: run.runId,
      stepId: 'sub',
      itemIndex: 0,
    })
  })

  it('fail the step when they fail, and are resumed with it', async () => {
    const { engine, scope } = harness
    broken.add('run-parent')
    await engine.saveDefinition(scope, workflow([step('x', 'repairable')], { name: 'breaking' }))
    const definition = workflow([{ ...step('sub', 'breaking'), kind: 'workflow' }])
    const run = await harness.run(definition, {}, 'run-parent')
    expect(run).toMatchObject({ status: 'failed', error: { code: 'ATL_ENGINE_CHILD_FAILED' } })
    broken.clear()
    await engine.retryRun(scope, run.runId)
    expect((await harness.settled(run.runId)).status).toBe('succeeded')
  })

  it('are cancelled with the run they belong to', async () => {
    const { engine, scope } = harness
    await engine.saveDefinition(scope, workflow([step('x', 'ask')], { name: 'asking' }))
    const { runId } = await engine.startRun(scope, {
      definition: { source: workflow([{ ...step('sub', 'asking'), kind: 'workflow' }]) },
      inputs: {},
    })
    const childId = `${runId}.sub`
    while ((await engine.getRun(scope, childId).catch(() => undefined))?.status !== 'waiting') await pause(20)
    await engine.cancelRun(scope, runId, 'no')
    expect((await harness.settled(runId)).status).toBe('cancelled')
    expect((await engine.getRun(scope, childId)).status).toBe('cancelled')
  })

  it('that start themselves come to an end', async () => {
    const { engine, scope } = harness
    await engine.saveDefinition(
      scope,
      workflow([{ ...step('again', 'endless'), kind: 'workflow' }], { name: 'endless' }),
    )
    const run = await harness.run(workflow([{ ...step('sub', 'endless'), kind: 'workflow' }]))
    expect(run.status).toBe('failed')
    expect(JSON.stringify(run.error)).toContain('ATL_ENGINE_TOO_DEEP')
  })
})

describe('what can be seen', () => {
  it('is a log without gaps, in order, that ends with the run', async () => {
    const run = await harness.run(workflow([step('a', 'chatty'), step('b', 'echo', { needs: ['a'] })]))
    const events = await harness.events(run.runId)
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
    expect(events.map(({ kind, stepId }) => `${kind} ${stepId ?? ''}`.trim())).toEqual([
      'run-started',
      'step-started a',
      'log a',
      'progress a',
      'step-ended a',
      'step-started b',
      'step-ended b',
      'run-ended',
    ])
    expect(events[2]?.data).toEqual({ message: 'one \uFFFD \uFFFD two' })
    const [a] = await harness.engine.listSteps(harness.scope, run.runId)
    expect(a?.output).toBe('said \u0000 \ud800 it')
  })

  it('can be followed while it happens, from any position, and left at any time', async () => {
    const { engine, scope } = harness
    const { runId } = await engine.startRun(scope, {
      definition: { source: workflow([step('a', 'ask')]) },
      inputs: {},
    })
    const leave = new AbortController()
    const seen: string[] = []
    const watching = (async () => {
      for await (const { kind } of engine.watch(scope, runId, { afterSequence: 1, signal: leave.signal }))
        seen.push(kind)
    })()
    await harness.settled(runId)
    await engine.appendEvent(scope, runId, { stepId: 'a', kind: 'log', data: { message: 'hello' } })
    while (!seen.includes('log')) await pause(10)
    leave.abort()
    await watching
    expect(seen).toEqual(['step-started', 'step-waiting', 'run-waiting', 'log'])
  })

  it('is listed newest first, page by page', async () => {
    const { engine, scope } = harness
    const labels = { team: 'blue' }
    for (let n = 0; n < 5; n += 1)
      await engine.startRun(scope, {
        definition: { source: workflow([step('a', 'echo')]) },
        inputs: {},
        labels,
      })
    const pages: string[][] = []
    for (let after: string | null | undefined; after !== null;) {
      const page = await engine.listRuns(scope, {
        labels,
        limit: 2,
        ...(after === undefined ? {} : { after }),
      })
      pages.push(page.items.map(({ runId }) => runId))
      after = page.next
    }
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1])
    expect(new Set(pages.flat()).size).toBe(5)
  })

  it('is seen by nobody else', async () => {
    const { engine, test } = harness
    const { runId } = await harness.run(workflow([step('a', 'ask')]))
    const stranger = await test.createTenant('Stranger')
    const unknown = { code: 'ATL_ENGINE_UNKNOWN_RUN' }
    await expect(engine.getRun(stranger, runId)).rejects.toMatchObject(unknown)
    await expect(engine.listSteps(stranger, runId)).rejects.toMatchObject(unknown)
    await expect(engine.complete(stranger, runId, 'a', 'mine')).rejects.toMatchObject(unknown)
    await expect(engine.cancelRun(stranger, runId, 'x')).rejects.toMatchObject(unknown)
    await expect(engine.appendEvent(stranger, runId, { kind: 'log', data: {} })).rejects.toMatchObject(
      unknown,
    )
    expect((await engine.listRuns(stranger)).items).toEqual([])
    for (const table of [
      'runs',
      'run_steps',
      'run_events',
      'run_plans',
      'step_attempts',
      'resource_locks',
    ] as const)
      expect(
        await test.database.transaction(stranger, (tx) => tx.selectFrom(table).selectAll().execute()),
        table,
      ).toEqual([])
  })
})
