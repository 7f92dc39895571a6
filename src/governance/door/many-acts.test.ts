import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tool } from '../../contracts/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import type { PrincipalId, RunId } from '../../kernel/index.ts'
import { createGovernedStudio, echoTool, free } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import type { AuditRecord } from '../audit/index.ts'
import { verifyLedger } from '../budget/index.ts'
import { actsOfRun } from './index.ts'
import type { ActRequest, Door } from './index.ts'

let studio: GovernedStudio
/** Two processes, as far as the database can tell. */
let doors: readonly [Door, Door]

beforeAll(async () => {
  studio = await createGovernedStudio()
  doors = [studio.governance.door, (await studio.restart()).door]
})
afterAll(() => studio[Symbol.asyncDispose]())

type EchoTool = Tool<{ text: string }, { text: string }>

/** A way to ask for an act, and what may come of it: codes, or `succeeded`. */
interface Way {
  readonly tool: EchoTool
  readonly input: unknown
  readonly overrides: Partial<ActRequest>
  readonly expected: readonly string[]
  /** How the act stands afterwards; undefined when nothing of it can be recorded. */
  readonly states: readonly (string | undefined)[]
}

const failure = new AtelierError({ code: 'ATL_TEST_FAILED', summary: 'It failed', remedy: 'Try.' })
const reading = { effect: 'read' } as const
const spending = (used: number): EchoTool =>
  echoTool(
    (text, { recordCost }) => {
      recordCost?.({ money: used })
      return text
    },
    { ...reading, worstCase: { ...free, money: 7 } },
  )

const ways = {
  plain: { tool: echoTool(undefined, reading), expected: ['succeeded'], states: ['succeeded'] },
  failing: {
    tool: echoTool(() => Promise.reject(failure), { ...reading, failureModes: ['ATL_TEST_FAILED'] }),
    expected: ['ATL_TEST_FAILED'],
    states: ['failed'],
  },
  invalid: { input: { text: 1 }, expected: ['ATL_DOOR_INPUT_INVALID'], states: ['refused'] },
  unknown: {
    overrides: () => ({ principal: { ...studio.agent, id: 'agent:nobody' as PrincipalId } }),
    expected: ['ATL_IDENTITY_UNKNOWN'],
    states: ['refused'],
  },
  denied: {
    overrides: () => ({ principal: studio.people.engineer }),
    expected: ['ATL_DOOR_DENIED'],
    states: ['refused'],
  },
  astonishing: {
    tool: echoTool(undefined, {
      ...reading,
      precondition: () => {
        throw new RangeError('a precondition that throws')
      },
    }),
    expected: ['a precondition that throws'],
    states: [undefined],
  },
  // What PostgreSQL cannot store fails the whole statement that it is in.
  poisonous: {
    overrides: () => ({ stepId: 'step \0' }),
    expected: ['unsupported Unicode escape sequence'],
    states: [undefined],
  },
  costly: {
    tool: spending(5),
    expected: ['succeeded', 'ATL_BUDGET_EXHAUSTED'],
    states: ['succeeded', 'refused'],
  },
  wasteful: {
    tool: spending(9),
    expected: ['succeeded', 'ATL_BUDGET_EXHAUSTED'],
    states: ['succeeded', 'refused'],
  },
} satisfies Record<string, Partial<Omit<Way, 'overrides'>> & { overrides?: () => Partial<ActRequest> }>

function wayOf(name: keyof typeof ways): Way {
  const { overrides, ...way } = { overrides: () => ({}), ...ways[name] }
  return { tool: echoTool(undefined, reading), input: { text: name }, overrides: overrides(), ...way }
}

async function outcomeOf(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'succeeded',
    (error: unknown) => (error instanceof AtelierError ? error.code : (error as Error).message),
  )
}

describe('many acts at the same time', () => {
  it(
    'each come out as they would alone, are recorded once, and never overspend',
    { timeout: 120_000 },
    async () => {
      const names = Object.keys(ways) as (keyof typeof ways)[]
      const asked = fc.record({
        name: fc.constantFrom(...names, 'plain', 'costly', 'costly'),
        door: fc.nat({ max: 1 }),
        twice: fc.boolean(),
      })
      await fc.assert(
        fc.asyncProperty(
          fc.array(asked, { minLength: 10, maxLength: 40 }),
          fc.integer({ min: 0, max: 60 }),
          async (acts, money) => {
            const runId = await studio.openRun({ limits: { money } })
            const keys = acts.map(() => `act-${randomUUID()}`)
            const outcomes = await Promise.all(
              acts.flatMap(({ name, door, twice }, index) => {
                const { tool, input, overrides } = wayOf(name)
                const request = studio.request(runId, { key: keys[index]!, ...overrides })
                const act = () => outcomeOf(doors[door]!.act(tool, input, request))
                return [twice ? Promise.all([act(), act()]).then(([first]) => first) : act()]
              }),
            )
            for (const [index, { name }] of acts.entries())
              expect(wayOf(name).expected).toContain(outcomes[index])
            await expectRecorded(
              runId,
              acts.map(({ name }, index) => ({
                key: keys[index]!,
                way: wayOf(name),
                outcome: outcomes[index]!,
              })),
            )
            await expectWithinBudget(runId, money)
          },
        ),
        { numRuns: 6 },
      )
      expect(await studio.governance.audit.verify(studio.scope)).toMatchObject({ ok: true, problems: [] })
    },
  )

  it('never spend more than a budget has, to the last unit', async () => {
    const runId = await studio.openRun({ limits: { money: 70 } })
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        outcomeOf(doors[index % 2 === 0 ? 0 : 1].act(spending(7), { text: 'x' }, studio.request(runId))),
      ),
    )
    expect(Object.groupBy(outcomes, (outcome) => outcome)).toMatchObject({
      succeeded: { length: 10 },
      ATL_BUDGET_EXHAUSTED: { length: 20 },
    })
    await expectWithinBudget(runId, 70)
  })
})

interface Done {
  readonly key: string
  readonly way: Way
  readonly outcome: string
}

async function expectRecorded(runId: RunId, done: readonly Done[]): Promise<void> {
  const [acts, entries, decisions] = await studio.database.transaction(studio.scope, async (tx) => [
    await actsOfRun(tx, studio.tenantId, runId),
    await studio.governance.audit.ofRun(tx, studio.tenantId, runId),
    await tx.selectFrom('decisions').select(['id', 'act_key']).where('run_id', '=', runId).execute(),
  ])
  const records = entries.map(({ record }) => JSON.parse(record ?? '') as AuditRecord)
  for (const { key, way, outcome } of done) {
    const act = acts.find((each) => each.key === key)
    expect(way.states).toContain(act?.state)
    const outcomes = records.filter(({ actKey }) => actKey === key).map((record) => record.outcome)
    if (act === undefined) {
      expect(outcomes).toEqual([])
      continue
    }
    const expected = { succeeded: 'succeeded', failed: 'failed', refused: 'denied' }[act.state as 'succeeded']
    expect(outcomes).toEqual([expected])
    const mine = decisions.filter(({ act_key }) => act_key === key)
    // Who is not known, or asks for what does not fit, does not come before the policies.
    const undecided = ['ATL_IDENTITY_UNKNOWN', 'ATL_DOOR_INPUT_INVALID'].includes(outcome)
    expect(mine.map(({ id }) => id)).toEqual(undecided ? [] : [act.decisionId])
  }
  expect(acts).toHaveLength(done.filter(({ key }) => acts.some((act) => act.key === key)).length)
}

async function expectWithinBudget(runId: RunId, money: number): Promise<void> {
  const [report, balances] = await studio.database.transaction(studio.scope, async (tx) => [
    await verifyLedger(tx, studio.tenantId, [runId]),
    await studio.governance.ledger.balances(tx, studio.tenantId, runId),
  ])
  expect(report).toMatchObject({ ok: true, problems: [] })
  const run = balances.find(({ level }) => level === 'run')?.units.money
  expect(run).toMatchObject({ limit: money, reserved: 0 })
  expect(run!.spent).toBeLessThanOrEqual(money)
}
