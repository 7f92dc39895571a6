import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Principal } from '../../contracts/index.ts'
import { AtelierError, digestOfValue } from '../../kernel/index.ts'
import type { PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { AuditRecord } from '../audit/index.ts'
import { verifyLedger } from '../budget/index.ts'
import { createGovernedStudio, echoTool, free, movableClock } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import { actsOfRun } from './index.ts'
import type { ActRecord } from './index.ts'

let studio: GovernedStudio

beforeAll(async () => {
  studio = await createGovernedStudio({ graceMs: 50 })
})
afterAll(() => studio[Symbol.asyncDispose]())

const acts = (runId: RunId): Promise<readonly ActRecord[]> =>
  studio.database.transaction(studio.scope, (tx) => actsOfRun(tx, studio.tenantId, runId))

async function auditOf(runId: RunId): Promise<readonly AuditRecord[]> {
  const rows = await studio.database.transaction(studio.scope, (tx) =>
    studio.governance.audit.ofRun(tx, studio.tenantId, runId),
  )
  return rows.map(({ record }) => JSON.parse(record ?? '') as AuditRecord)
}

const outcomes = async (runId: RunId): Promise<string[]> =>
  (await auditOf(runId)).map(({ action, outcome }) => `${action} ${outcome}`)

describe('an act', () => {
  it('is performed, recorded, settled and audited', async () => {
    const runId = await studio.openRun()
    const request = studio.request(runId)
    const tool = echoTool(undefined, { worstCase: { money: 5, tokens: 7, toolCalls: 1, seconds: 60 } })
    const output = await studio.governance.door.act(tool, { text: 'hello' }, request)
    expect(output).toEqual({ text: 'hello' })

    const [act] = await acts(runId)
    expect(act).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      principalId: 'service:studio',
      outputDigest: digestOfValue({ text: 'hello' }),
      inputDigest: digestOfValue({ text: 'hello' }),
      // What it reserved and did not account for is presumed spent.
      cost: { money: 5, tokens: 7, toolCalls: 1, seconds: 0 },
    })
    expect(act!.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(await outcomes(runId)).toEqual(['submit-work-item allowed', 'tool:test.echo succeeded'])
    const report = await studio.database.transaction(studio.scope, (tx) =>
      verifyLedger(tx, studio.tenantId, [runId]),
    )
    expect(report).toMatchObject({ ok: true })
  })

  it('with a tool that the agent was not granted is refused, and on record', async () => {
    const runId = await studio.openRun()
    const act = studio.governance.door.act(
      echoTool(),
      { text: 'hello' },
      studio.request(runId, { grants: ['test.other'] }),
    )
    await expect(act).rejects.toMatchObject({ code: 'ATL_DOOR_NOT_GRANTED' })
    expect(await outcomes(runId)).toEqual(['submit-work-item allowed', 'tool:test.echo denied'])
  })

  it('is performed once and answers its recorded output ever after', async () => {
    const runId = await studio.openRun()
    const request = studio.request(runId)
    let calls = 0
    const tool = echoTool((text) => `${text} ${(calls += 1)}`)
    const { door } = studio.governance
    const both = await Promise.all([
      door.act(tool, { text: 'a' }, request),
      door.act(tool, { text: 'a' }, request),
    ])
    const again = await (await studio.restart()).door.act(tool, { text: 'a' }, request)
    expect([...both, again]).toEqual(Array(3).fill({ text: 'a 1' }))
    expect(calls).toBe(1)
  })

  it('shares one trace with the other acts of its run', async () => {
    const runId = await studio.openRun()
    await studio.governance.door.act(echoTool(), { text: 'a' }, studio.request(runId))
    await (await studio.restart()).door.act(echoTool(), { text: 'b' }, studio.request(runId))
    expect(new Set((await acts(runId)).map(({ traceId }) => traceId)).size).toBe(1)
  })

  it('charges what the tool says it used', async () => {
    const runId = await studio.openRun()
    const tool = echoTool(
      (text, { recordCost }) => {
        recordCost?.({ money: 2, tokens: 10 })
        recordCost?.({ tokens: 5 })
        return text
      },
      { worstCase: { money: 100, tokens: 100, toolCalls: 1, seconds: 1 } },
    )
    await studio.governance.door.act(tool, { text: 'a' }, studio.request(runId))
    expect((await acts(runId))[0]!.cost).toEqual({ money: 2, tokens: 15, toolCalls: 1, seconds: 0 })
  })

  it('stores and answers nothing that looks like a secret, and logs none', async () => {
    const runId = await studio.openRun()
    const secret = `ghp_${'x1Y2'.repeat(9)}`
    const logged: unknown[] = []
    const said: string[] = []
    const logger = { log: (...line: unknown[]) => void logged.push(line), child: () => logger }
    const tool = echoTool((text, context) => {
      context.logger.child({ token: secret }).log('info', { secret, line: text }, `using ${text}`)
      context.report(`trying ${text}`)
      return text
    })
    const request = studio.request(runId, { logger, report: (message) => said.push(message) })
    const output = await studio.governance.door.act(tool, { text: secret }, request)
    expect(output).toEqual({ text: '[redacted:github-token]' })
    expect(await studio.governance.door.act(tool, { text: secret }, request)).toEqual(output)
    expect(JSON.stringify([logged, said])).not.toContain(secret)
    expect((await acts(runId))[0]!.redactions).toEqual(['github-token'])
    const { rows } = await studio.database.owner.pool.query<{ found: string }>(
      `select count(*) as found from blobs where position($1 in encode(content, 'escape')) > 0`,
      [secret],
    )
    expect(Number(rows[0]!.found)).toBe(0)
  })
})

describe('the door refuses and records', () => {
  async function refused(
    runId: RunId,
    code: string,
    overrides: Parameters<GovernedStudio['request']>[1],
    tool = echoTool(),
    input: unknown = { text: 'x' },
  ): Promise<void> {
    let performed = false
    const guarded = {
      ...tool,
      perform: () => {
        performed = true
        return Promise.resolve({ text: 'performed' })
      },
    }
    const request = studio.request(runId, overrides)
    await expect(studio.governance.door.act(guarded, input, request)).rejects.toMatchObject({ code })
    expect(performed).toBe(false)
    const records = (await auditOf(runId)).filter(({ actKey }) => actKey === request.key)
    expect(records.map(({ outcome, detail }) => [outcome, detail['code']])).toEqual([['denied', code]])
  }

  it('whoever is unknown, disabled, or not what they claim to be', async () => {
    const runId = await studio.openRun()
    const claim = (change: Partial<Principal>) => ({ principal: { ...studio.agent, ...change } })
    await refused(runId, 'ATL_IDENTITY_UNKNOWN', claim({ id: 'agent:nobody' as PrincipalId }))
    await refused(runId, 'ATL_IDENTITY_MISMATCH', claim({ kind: 'service' }))
    await refused(runId, 'ATL_IDENTITY_MISMATCH', claim({ tenantId: 'other' as TenantId }))
    await refused(runId, 'ATL_IDENTITY_UNKNOWN', claim({ onBehalfOf: 'person:ghost' as PrincipalId }))
    await refused(runId, 'ATL_IDENTITY_DELEGATION_INVALID', claim({ onBehalfOf: studio.service.id }))
  })

  it('an agent that claims to act for somebody else than the requester, or for nobody', async () => {
    const runId = await studio.openRun()
    const claim = (onBehalfOf: PrincipalId | undefined) => ({ principal: { ...studio.agent, onBehalfOf } })
    await refused(runId, 'ATL_DOOR_DENIED', claim(studio.people.owner.id))
    await refused(runId, 'ATL_DOOR_DENIED', claim(undefined))
  })

  it('roles that are claimed but not registered', async () => {
    const runId = await studio.openRun()
    await refused(runId, 'ATL_DOOR_DENIED', { principal: { ...studio.people.engineer, roles: ['owner'] } })
  })

  it('a run without a mandate, of another project, or that has ended', async () => {
    const unopened = 'run-unopened' as RunId
    await refused(unopened, 'ATL_MANDATE_MISSING', {})
    const runId = await studio.openRun()
    await refused(runId, 'ATL_MANDATE_CONFLICT', { projectId: 'other' as ProjectId })
    await studio.governance.administration.closeRun({ tenantId: studio.tenantId, runId }, studio.service.id)
    await refused(runId, 'ATL_MANDATE_CLOSED', {})
    await studio.governance.administration.reopenRun({ tenantId: studio.tenantId, runId }, studio.service.id)
    await studio.governance.door.act(echoTool(), { text: 'a' }, studio.request(runId))
  })

  it('input that does not fit', async () => {
    const runId = await studio.openRun()
    await refused(runId, 'ATL_DOOR_INPUT_INVALID', {}, echoTool(), { text: 1 })
    await refused(runId, 'ATL_DOOR_INPUT_INVALID', {}, echoTool(), { text: 'x', more: true })
    const picky = echoTool(undefined, { precondition: () => 'the moon is not full' })
    await refused(runId, 'ATL_DOOR_PRECONDITION_FAILED', {}, picky)
  })

  it('work without a sandbox in a repository that nobody vouched for', async () => {
    const { administration, door } = studio.governance
    const runId = await studio.openRun({ repository: '/srv/app' })
    await refused(runId, 'ATL_DOOR_DENIED', { context: { isolation: 'none' } })
    await expect(
      administration.trustRepository(studio.people.engineer, '/srv/app', 'mine'),
    ).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
    await administration.trustRepository(studio.people.owner, '/srv/app', 'ours')
    const request = studio.request(runId, { context: { isolation: 'none' } })
    expect(await door.act(echoTool(), { text: 'a' }, request)).toEqual({ text: 'a' })
    await administration.distrustRepository(studio.people.owner, '/srv/app', 'not any more')
    await refused(runId, 'ATL_DOOR_DENIED', { context: { isolation: 'none' } })
  })

  it('what the budget does not allow', async () => {
    const runId = await studio.openRun({ limits: { toolCalls: 1 } })
    await studio.governance.door.act(echoTool(), { text: 'a' }, studio.request(runId))
    await refused(runId, 'ATL_BUDGET_EXHAUSTED', {})
    await studio.governance.administration.setLimits(
      studio.people.owner,
      { level: 'run', subject: runId },
      { toolCalls: 2 },
    )
    await studio.governance.door.act(echoTool(), { text: 'b' }, studio.request(runId))
  })

  it('a key that stands for another act', async () => {
    const runId = await studio.openRun()
    const request = studio.request(runId)
    await studio.governance.door.act(echoTool(), { text: 'a' }, request)
    const other = echoTool(undefined, { name: 'test.other' })
    for (const [tool, input, run] of [
      [echoTool(), { text: 'b' }, runId],
      [other, { text: 'a' }, runId],
      [echoTool(), { text: 'a' }, await studio.openRun()],
    ] as const) {
      await expect(studio.governance.door.act(tool, input, { ...request, runId: run })).rejects.toMatchObject(
        { code: 'ATL_DOOR_KEY_REUSED' },
      )
    }
  })
})

describe('a tool that fails', () => {
  it('passes its own error on, declared or not, and can be tried again under the same key', async () => {
    const runId = await studio.openRun()
    const failure = new AtelierError({ code: 'ATL_TEST_FAILED', summary: 'It failed', remedy: 'Try.' })
    let fail = true
    const tool = echoTool((text) => (fail ? Promise.reject(failure) : text))
    const request = studio.request(runId)
    await expect(studio.governance.door.act(tool, { text: 'a' }, request)).rejects.toBe(failure)
    expect((await auditOf(runId)).at(-1)).toMatchObject({
      outcome: 'failed',
      detail: { code: 'ATL_TEST_FAILED', undeclared: true },
    })
    fail = false
    expect(await studio.governance.door.act(tool, { text: 'a' }, request)).toEqual({ text: 'a' })
    expect((await acts(runId))[0]).toMatchObject({ state: 'succeeded', attempt: 2, error: null })
  })

  it('is a defect when it throws anything else, and leaks no secret by it', async () => {
    const runId = await studio.openRun()
    const secret = `sk_live_${'a1B2'.repeat(6)}`
    const tool = echoTool(() => Promise.reject(new TypeError(`bad key ${secret}`)))
    await expect(
      studio.governance.door.act(tool, { text: 'a' }, studio.request(runId)),
    ).rejects.toMatchObject({
      code: 'ATL_DOOR_TOOL_DEFECT',
      message: expect.stringContaining('bad key [redacted:stripe-key]') as string,
    })
    expect(JSON.stringify([await acts(runId), await auditOf(runId)])).not.toContain(secret)
  })

  it.each([
    [
      'an answer of the wrong shape',
      { perform: () => Promise.resolve({ text: 7 } as never) },
      'OUTPUT_INVALID',
    ],
    ['a broken promise', { postcondition: () => 'nothing was echoed' }, 'POSTCONDITION_FAILED'],
  ])('is found by %s', async (_what, overrides, code) => {
    const runId = await studio.openRun()
    await expect(
      studio.governance.door.act(echoTool(undefined, overrides), { text: 'a' }, studio.request(runId)),
    ).rejects.toMatchObject({ code: `ATL_DOOR_${code}` })
    expect((await acts(runId))[0]).toMatchObject({ state: 'failed' })
  })

  it('is stopped at its deadline, even if it does not listen', async () => {
    const runId = await studio.openRun()
    let isOver = false
    const tool = echoTool(async () => {
      await delay(60_000, undefined, { ref: false })
      isOver = true
    })
    await expect(
      studio.governance.door.act(tool, { text: 'a' }, studio.request(runId, { deadlineMs: 20 })),
    ).rejects.toMatchObject({ code: 'ATL_DOOR_DEADLINE' })
    expect(isOver).toBe(false)
  })

  it('never uses more seconds than it reserved', async () => {
    const runId = await studio.openRun()
    const tool = echoTool((_text, { signal }) => delay(20_000, undefined, { signal }), {
      worstCase: { ...free, seconds: 1 },
    })
    await expect(
      studio.governance.door.act(tool, { text: 'a' }, studio.request(runId, { deadlineMs: 60_000 })),
    ).rejects.toMatchObject({ code: 'ATL_DOOR_DEADLINE' })
    expect((await acts(runId))[0]!.cost.seconds).toBe(1)
  })

  it('is stopped when the act is cancelled', async () => {
    const runId = await studio.openRun()
    const controller = new AbortController()
    const tool = echoTool((_text, { signal }) => {
      controller.abort()
      return delay(5_000, undefined, { signal })
    })
    const request = studio.request(runId, { signal: controller.signal })
    await expect(studio.governance.door.act(tool, { text: 'a' }, request)).rejects.toMatchObject({
      code: 'ATL_DOOR_CANCELLED',
    })
  })

  it('is given a rest after failing several times in a row', async () => {
    const clock = movableClock()
    const { door } = await studio.restart({ clock, circuitBreaker: { failures: 2, restMs: 1000 } })
    const runId = await studio.openRun()
    let calls = 0
    let broken = true
    const tool = echoTool(
      (text) => {
        calls += 1
        return broken ? Promise.reject(new Error('down')) : text
      },
      { effect: 'read' },
    )
    const act = () => door.act(tool, { text: 'a' }, studio.request(runId))
    await expect(act()).rejects.toMatchObject({ code: 'ATL_DOOR_TOOL_DEFECT' })
    await expect(act()).rejects.toMatchObject({ code: 'ATL_DOOR_TOOL_DEFECT' })
    await expect(act()).rejects.toMatchObject({ code: 'ATL_DOOR_CIRCUIT_OPEN', retryable: true })
    expect(calls).toBe(2)
    clock.advance(1001)
    await expect(act()).rejects.toMatchObject({ code: 'ATL_DOOR_TOOL_DEFECT' })
    await expect(act()).rejects.toMatchObject({ code: 'ATL_DOOR_CIRCUIT_OPEN' })
    clock.advance(1001)
    broken = false
    expect(await act()).toEqual({ text: 'a' })
    expect(await act()).toEqual({ text: 'a' })
  })
})
