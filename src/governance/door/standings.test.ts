import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tool } from '../../contracts/index.ts'
import { systemClock } from '../../kernel/index.ts'
import type { AtelierError, RunId } from '../../kernel/index.ts'
import { createGovernedStudio, echoTool, free, policyLocations } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import { openSigningKey } from '../audit/index.ts'
import type { AuditRecord } from '../audit/index.ts'
import { verifyLedger } from '../budget/index.ts'
import { exportEvidence, verifyEvidence } from '../evidence/index.ts'
import type { Governance } from '../index.ts'
import type { KilledSpender } from './fixtures/killed-spender.ts'
import { actsOfRun } from './index.ts'
import type { ActRequest } from './index.ts'

let studio: GovernedStudio
let governance: Governance

beforeAll(async () => {
  studio = await createGovernedStudio()
  governance = studio.governance
})
afterAll(() => studio[Symbol.asyncDispose]())

type EchoTool = Tool<{ text: string }, { text: string }>

const worstCase = { ...free, money: 7, toolCalls: 1 }
const spending = (used: number): EchoTool =>
  echoTool(
    (text, { recordCost }) => {
      recordCost?.({ money: used })
      return text
    },
    { effect: 'read', worstCase },
  )

function act(
  runId: RunId,
  { used = 1, by = governance, ...more }: { used?: number; by?: Governance } & Partial<ActRequest> = {},
): Promise<string> {
  const request = studio.request(runId, { unrepeatable: true, ...more })
  return by.door.act(spending(used), { text: 'spend' }, request).then(
    ({ text }) => text,
    (error: unknown) => (error as AtelierError).code,
  )
}

/** Asks often enough for an admission to stand, and waits until it does. */
async function untilStanding(runId: RunId): Promise<void> {
  await act(runId)
  await act(runId)
  await expect.poll(() => held(runId), { timeout: 20_000 }).toBeGreaterThan(0)
}

/** Money that leases of a run hold. */
async function held(runId: RunId): Promise<number> {
  const rows = await studio.database.transaction(studio.scope, (tx) =>
    tx
      .selectFrom('budget_reservations')
      .select('money')
      .where('run_id', '=', runId)
      .where('state', '=', 'held')
      .execute(),
  )
  return rows.reduce((sum, { money }) => sum + money, 0)
}

async function balanceOf(runId: RunId) {
  const balances = await studio.database.transaction(studio.scope, (tx) =>
    governance.ledger.balances(tx, studio.tenantId, runId),
  )
  return balances.find(({ level }) => level === 'run')?.units.money
}

async function recorded(runId: RunId) {
  return studio.database.transaction(studio.scope, async (tx) => ({
    acts: await actsOfRun(tx, studio.tenantId, runId),
    audited: (await governance.audit.ofRun(tx, studio.tenantId, runId)).map(
      ({ record }) => JSON.parse(record ?? '') as AuditRecord,
    ),
    ledger: await verifyLedger(tx, studio.tenantId),
  }))
}

describe('a standing admission', { timeout: 60_000 }, () => {
  it('lets many acts in by one transaction, and records each of them', async () => {
    const runId = await studio.openRun()
    await untilStanding(runId)
    const keys = Array.from({ length: 20 }, (_, index) => `${runId}-${index}`)
    for (const key of keys) expect(await act(runId, { key })).toBe('spend')
    await governance.door.settled()
    const { acts, audited, ledger } = await recorded(runId)
    const mine = acts.filter(({ key }) => keys.includes(key))
    expect(mine.map(({ state, cost }) => [state, cost.money])).toEqual(keys.map(() => ['succeeded', 1]))
    // One decision, recorded for each.
    expect(new Set(mine.map(({ decisionId }) => decisionId)).size).toBe(keys.length)
    const said = audited.filter(({ actKey }) => actKey !== null && keys.includes(actKey))
    expect(said.map(({ outcome }) => outcome)).toEqual(keys.map(() => 'succeeded'))
    expect(audited.filter(({ detail }) => detail['standing'] === true)).toMatchObject([
      { outcome: 'allowed' },
    ])
    expect(ledger.problems).toEqual([])
    expect(await balanceOf(runId)).toMatchObject({ reserved: 0, spent: 22 })
  })

  it('leaves evidence that verifies', async () => {
    const runId = await studio.openRun()
    await untilStanding(runId)
    await Promise.all(Array.from({ length: 10 }, () => act(runId)))
    await governance.administration.closeRun({ tenantId: studio.tenantId, runId }, studio.service.id)
    expect(await held(runId)).toBe(0)
    const evidence = await exportEvidence(
      {
        ...{ database: studio.database, clock: systemClock },
        ...{ audit: governance.audit, approvals: governance.approvals },
        key: await openSigningKey(join(studio.directory, 'keys')),
        environment: { isolation: 'namespaces', node: process.version },
        story: () => Promise.resolve({ run: { runId }, plans: [], steps: [], events: [] }),
      },
      studio.scope,
      runId,
    )
    expect(verifyEvidence(evidence)).toMatchObject({ ok: true, problems: [] })
  })

  it('is given back when nobody comes any more', async () => {
    const runId = await studio.openRun()
    await untilStanding(runId)
    await expect.poll(() => held(runId), { timeout: 20_000 }).toBe(0)
  })

  it('ends with the mandate of its run', async () => {
    const runId = await studio.openRun()
    await untilStanding(runId)
    await governance.administration.closeRun({ tenantId: studio.tenantId, runId }, studio.service.id)
    expect(await act(runId)).toBe('ATL_MANDATE_CLOSED')
  })

  it('holds a moment after a mandate was ended elsewhere, and no longer', async () => {
    const runId = await studio.openRun()
    await untilStanding(runId)
    const other = await studio.restart()
    const closing = other.administration.closeRun({ tenantId: studio.tenantId, runId }, studio.service.id)
    await expect.poll(() => act(runId), { timeout: 20_000, interval: 100 }).toBe('ATL_MANDATE_CLOSED')
    await closing
    await governance.door.settled()
    const { ledger } = await recorded(runId)
    expect(ledger.problems).toEqual([])
    expect(await held(runId)).toBe(0)
  })

  it('never keeps from others what is left of a budget', async () => {
    const runId = await studio.openRun({ limits: { money: 200 } })
    await untilStanding(runId)
    // Acts that are repeatable do not use what is held, and need all that there is.
    const greedy = echoTool(undefined, { effect: 'read', worstCase: { ...free, money: 198 } })
    expect(await governance.door.act(greedy, { text: 'all' }, studio.request(runId))).toEqual({ text: 'all' })
  })

  it('records failures and what the tool says is wrong with an input', async () => {
    const runId = await studio.openRun()
    await untilStanding(runId)
    const failing = echoTool(() => Promise.reject(new Error('broken')), { effect: 'read', worstCase })
    const request = () => studio.request(runId, { unrepeatable: true })
    await expect(governance.door.act(failing, { text: 'x' }, request())).rejects.toMatchObject({
      code: 'ATL_DOOR_TOOL_DEFECT',
    })
    await expect(governance.door.act(spending(1), { text: 1 }, request())).rejects.toMatchObject({
      code: 'ATL_DOOR_INPUT_INVALID',
    })
    await governance.door.settled()
    const { acts, audited, ledger } = await recorded(runId)
    expect(acts.map(({ state }) => state).sort()).toEqual(['failed', 'refused', 'succeeded', 'succeeded'])
    expect(audited.map(({ detail }) => detail['code'])).toContain('ATL_DOOR_INPUT_INVALID')
    expect(ledger.problems).toEqual([])
  })

  it('charges an act that cannot be recorded', async () => {
    const runId = await studio.openRun()
    await untilStanding(runId)
    expect(await act(runId, { resource: 'workspace:\0', used: 3 })).toBe('spend')
    expect(await act(runId)).toBe('spend')
    await governance.door.settled()
    expect(await balanceOf(runId)).toMatchObject({ reserved: 0, spent: 6 })
    expect((await recorded(runId)).ledger.problems).toEqual([])
  })
})

describe('acts under standing admissions', () => {
  it('never overspend, in however many processes and steps they are done', { timeout: 120_000 }, async () => {
    const governances = [governance, await studio.restart()]
    const asked = fc.record({
      process: fc.nat({ max: 1 }),
      step: fc.constantFrom('one', 'two'),
      // Also beyond what was promised.
      used: fc.integer({ min: 0, max: 9 }),
      alone: fc.boolean(),
    })
    let stood = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(asked, { minLength: 40, maxLength: 120 }),
        fc.integer({ min: 20, max: 2000 }),
        async (acts, money) => {
          const runId = await studio.openRun({ limits: { money } })
          const answers: Promise<string>[] = []
          for (const { process, step, used, alone } of acts) {
            const answer = act(runId, { by: governances[process] ?? governance, stepId: step, used })
            answers.push(answer)
            if (alone) await answer
          }
          const outcomes = await Promise.all(answers)
          expect(new Set([...outcomes, 'spend', 'ATL_BUDGET_EXHAUSTED']).size).toBe(2)
          await Promise.all(governances.map(({ door }) => door.settled()))
          const { acts: kept, audited, ledger } = await recorded(runId)
          expect(kept.filter(({ state }) => state === 'succeeded')).toHaveLength(
            outcomes.filter((outcome) => outcome === 'spend').length,
          )
          expect(kept).toHaveLength(acts.length)
          expect(ledger.problems).toEqual([])
          const balance = await balanceOf(runId)
          expect(balance?.reserved).toBe(0)
          expect(balance?.spent).toBeLessThanOrEqual(money)
          expect(balance?.spent).toBe(kept.reduce((sum, { cost }) => sum + cost.money, 0))
          stood += audited.filter(({ detail }) => detail['standing'] === true).length
        },
      ),
      { numRuns: 6, seed: 11 },
    )
    expect(stood).toBeGreaterThan(0)
    expect(await governance.audit.verify(studio.scope)).toMatchObject({ ok: true })
  })

  it('of a process that is killed are charged at least what they spent, and never beyond the limit', async () => {
    const program = join(import.meta.dirname, 'fixtures/killed-spender.ts')
    for (const money of [300, 5000]) {
      const runId = await studio.openRun({ limits: { money } })
      const spent = join(studio.directory, `spent-${runId}`)
      await writeFile(spent, '')
      const request = studio.request(runId)
      const spender: KilledSpender = {
        target: studio.testDatabase.target,
        directory: studio.directory,
        policies: policyLocations,
        request,
        spent,
        killAfter: 60,
      }
      await new Promise<void>((resolve, reject) => {
        execFile(process.execPath, [program, JSON.stringify(spender)], { timeout: 60_000 }, (error) => {
          if (error?.signal === 'SIGKILL') resolve()
          else reject(error ?? new Error('it was not killed'))
        })
      })
      const by = await studio.restart()
      await by.administration.closeRun({ tenantId: studio.tenantId, runId }, studio.service.id)
      const lines = (await readFile(spent, 'utf8')).length
      const balance = await balanceOf(runId)
      expect(balance?.reserved).toBe(0)
      expect(balance?.spent).toBeGreaterThanOrEqual(lines)
      expect(balance?.spent).toBeLessThanOrEqual(money)
      const { ledger } = await recorded(runId)
      expect(ledger.problems).toEqual([])
      expect(await by.audit.verify(studio.scope)).toMatchObject({ ok: true })
    }
  }, 120_000)
})
