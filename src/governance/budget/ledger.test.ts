import fc from 'fast-check'
import { sql } from 'kysely'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cost } from '../../contracts/index.ts'
import type { ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import { createTestDatabase } from '../../testing/index.ts'
import type { TenantScope, TestDatabase } from '../../testing/index.ts'
import { auditMigrations } from '../audit/index.ts'
import {
  budgetMigrations,
  createLedger,
  noCost,
  reservationRow,
  settlementRow,
  verifyLedger,
} from './index.ts'
import type { Charge } from './index.ts'

let test: TestDatabase
let scope: TenantScope
const ledger = createLedger()

beforeAll(async () => {
  test = await createTestDatabase({ migrations: [...auditMigrations, ...budgetMigrations] })
  scope = await test.createTenant()
})
afterAll(() => test.close())

const cost = (amounts: Partial<Cost>): Cost => ({ ...noCost, ...amounts })

function chargeOf(tenantId: TenantId, overrides: Partial<Charge> = {}): Charge {
  return {
    tenantId,
    projectId: 'project' as ProjectId,
    runId: 'run' as RunId,
    stepId: 'step',
    actKey: randomUUID(),
    attempt: 1,
    ...overrides,
  }
}

const inTenant = <T>(work: Parameters<TestDatabase['database']['transaction']>[1], as = scope): Promise<T> =>
  test.database.transaction(as, work) as Promise<T>

async function balancesOf(tenant: TenantScope) {
  const balances = await test.database.transaction(tenant, (tx) => ledger.balances(tx, tenant.tenantId))
  return Object.fromEntries(balances.map(({ level, units }) => [level, units]))
}

const verify = (tenant: TenantScope, ended: readonly string[] = []) =>
  test.database.transaction(tenant, (tx) => verifyLedger(tx, tenant.tenantId, ended))

/** What somebody can do who owns the database itself. */
async function asOwner(statement: string, values: unknown[]): Promise<void> {
  const client = await test.database.owner.pool.connect()
  try {
    for (const table of ['budget_accounts', 'budget_reservations'])
      await client.query(`alter table ${table} no force row level security`)
    await client.query(statement, values)
    for (const table of ['budget_accounts', 'budget_reservations'])
      await client.query(`alter table ${table} force row level security`)
  } finally {
    client.release()
  }
}

describe('the ledger', () => {
  it('reserves and settles on every level', async () => {
    const tenant = await test.createTenant()
    const charge = chargeOf(tenant.tenantId)
    await inTenant((tx) => ledger.reserve(tx, charge, cost({ money: 10, tokens: 5 })), tenant)
    const held = await balancesOf(tenant)
    for (const level of ['tenant', 'project', 'run', 'step'])
      expect(held[level]!.money).toEqual({ limit: null, reserved: 10, spent: 0 })
    await inTenant((tx) => ledger.settle(tx, charge, cost({ money: 4 }), 'performed'), tenant)
    expect((await balancesOf(tenant))['run']!.money).toEqual({ limit: null, reserved: 0, spent: 4 })
    expect(await verify(tenant, ['run'])).toEqual({ ok: true, entries: 2, problems: [] })
  })

  it.each(['tenant', 'project', 'run', 'step'] as const)(
    'refuses what the %s cannot afford',
    async (level) => {
      const tenant = await test.createTenant()
      const subject = { tenant: tenant.tenantId, project: 'project', run: 'run', step: 'run/step' }[level]
      await inTenant((tx) => ledger.setLimits(tx, { level, subject }, { tokens: 10 }), tenant)
      const reserve = (tokens: number) =>
        inTenant((tx) => ledger.reserve(tx, chargeOf(tenant.tenantId), cost({ tokens })), tenant)
      await reserve(7)
      await expect(reserve(4)).rejects.toMatchObject({
        code: 'ATL_BUDGET_EXHAUSTED',
        details: { level, subject, unit: 'tokens', limit: 10, spent: 0, reserved: 7, wanted: 4 },
      })
      await reserve(3)
      for (const units of Object.values(await balancesOf(tenant))) expect(units.tokens.reserved).toBe(10)
    },
  )

  it('counts the same reservation and the same settlement once', async () => {
    const tenant = await test.createTenant()
    const charge = chargeOf(tenant.tenantId)
    const reserve = () => inTenant((tx) => ledger.reserve(tx, charge, cost({ money: 10 })), tenant)
    const settle = (money: number) =>
      inTenant((tx) => ledger.settle(tx, charge, cost({ money }), 'performed'), tenant)
    await Promise.all([reserve(), reserve(), reserve()])
    expect(await Promise.all([settle(3), settle(3)])).toEqual([
      { charged: cost({ money: 3 }), overrun: noCost },
      { charged: cost({ money: 3 }), overrun: noCost },
    ])
    expect((await balancesOf(tenant))['tenant']!.money).toMatchObject({ reserved: 0, spent: 3 })
    await expect(reserve()).rejects.toThrow(/has ended/)
  })

  it('charges use beyond a reservation while there is room, and keeps the rest as overrun', async () => {
    const tenant = await test.createTenant()
    await inTenant((tx) => ledger.setLimits(tx, { level: 'run', subject: 'run' }, { money: 15 }), tenant)
    const charge = chargeOf(tenant.tenantId)
    await inTenant((tx) => ledger.reserve(tx, charge, cost({ money: 10 })), tenant)
    const settled = await inTenant(
      (tx) => ledger.settle(tx, charge, cost({ money: 20 }), 'performed'),
      tenant,
    )
    expect(settled).toEqual({ charged: cost({ money: 15 }), overrun: cost({ money: 5 }) })
    expect((await balancesOf(tenant))['run']!.money).toEqual({ limit: 15, reserved: 0, spent: 15 })
    expect((await verify(tenant)).ok).toBe(true)
  })

  it('refuses a limit below what is in use, and amounts that are none', async () => {
    const tenant = await test.createTenant()
    await inTenant((tx) => ledger.reserve(tx, chargeOf(tenant.tenantId), cost({ money: 10 })), tenant)
    const account = { level: 'run', subject: 'run' } as const
    await expect(inTenant((tx) => ledger.setLimits(tx, account, { money: 9 }), tenant)).rejects.toMatchObject(
      {
        code: 'ATL_BUDGET_LIMIT_BELOW_USE',
      },
    )
    for (const money of [-1, 0.5, NaN, Infinity]) {
      await expect(
        inTenant((tx) => ledger.reserve(tx, chargeOf(tenant.tenantId), cost({ money })), tenant),
      ).rejects.toMatchObject({ code: 'ATL_BUDGET_AMOUNT_INVALID' })
      await expect(inTenant((tx) => ledger.setLimits(tx, account, { money }), tenant)).rejects.toMatchObject({
        code: 'ATL_BUDGET_AMOUNT_INVALID',
      })
    }
  })

  it('presumes spent what a dead process had reserved', async () => {
    const tenant = await test.createTenant()
    const charge = chargeOf(tenant.tenantId)
    const worst = { money: 10, tokens: 20, toolCalls: 1, seconds: 600 }
    await inTenant((tx) => ledger.reserve(tx, charge, worst), tenant)
    await asOwner(
      `update budget_reservations set reserved_at = reserved_at - interval '7 s' where tenant_id = $1`,
      [tenant.tenantId],
    )
    const recover = () =>
      inTenant((tx) => ledger.settleEarlierAttempts(tx, tenant.tenantId, charge.actKey, 2), tenant)
    await Promise.all([recover(), recover()])
    const { tenant: units } = await balancesOf(tenant)
    expect(units).toMatchObject({ money: { spent: 10 }, tokens: { spent: 20 }, toolCalls: { spent: 1 } })
    expect(units!.seconds.spent).toBeGreaterThanOrEqual(7)
    expect(units!.seconds.spent).toBeLessThan(60)
    expect(units!.seconds.reserved).toBe(0)
  })

  it('ends everything that an ended run still holds', async () => {
    const tenant = await test.createTenant()
    await inTenant((tx) => ledger.reserve(tx, chargeOf(tenant.tenantId), cost({ money: 10 })), tenant)
    const report = await verify(tenant, ['run'])
    expect(report.problems).toEqual([expect.stringMatching(/^run run has ended, but act .* still holds/)])
    await inTenant((tx) => ledger.settleRun(tx, tenant.tenantId, 'run' as RunId), tenant)
    expect(await verify(tenant, ['run'])).toMatchObject({ ok: true })
  })

  it('is never overspent, whatever is reserved, settled and killed at the same time', async () => {
    const step = fc.record({
      reserve: fc.integer({ min: 0, max: 40 }),
      use: fc.integer({ min: 0, max: 60 }),
      run: fc.constantFrom('run-1', 'run-2'),
      ends: fc.constantFrom('settled', 'settled', 'killed-before-commit', 'killed-after'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 12 }), async (steps) => {
        const tenant = await test.createTenant()
        await inTenant(
          (tx) => ledger.setLimits(tx, { level: 'tenant', subject: tenant.tenantId }, { tokens: 100 }),
          tenant,
        )
        await inTenant(
          (tx) => ledger.setLimits(tx, { level: 'run', subject: 'run-1' }, { tokens: 60 }),
          tenant,
        )
        const perform = async ({ reserve, use, run, ends }: (typeof steps)[number]): Promise<void> => {
          const charge = chargeOf(tenant.tenantId, { runId: run as RunId })
          try {
            await inTenant(async (tx) => {
              await ledger.reserve(tx, charge, cost({ tokens: reserve }))
              if (ends === 'killed-before-commit') throw new Error('killed')
            }, tenant)
          } catch (error) {
            if (error instanceof AtelierError && error.code !== 'ATL_BUDGET_EXHAUSTED') throw error
            return
          }
          if (ends === 'settled')
            await inTenant((tx) => ledger.settle(tx, charge, cost({ tokens: use }), 'performed'), tenant)
        }
        await Promise.all(steps.map(perform))
        await Promise.all(
          ['run-1', 'run-2'].map((run) =>
            inTenant((tx) => ledger.settleRun(tx, tenant.tenantId, run as RunId), tenant),
          ),
        )
        const balances = await inTenant<Awaited<ReturnType<typeof ledger.balances>>>(
          (tx) => ledger.balances(tx, tenant.tenantId),
          tenant,
        )
        for (const { units } of balances) {
          expect(units.tokens.reserved).toBe(0)
          expect(units.tokens.spent).toBeLessThanOrEqual(units.tokens.limit ?? Infinity)
        }
        expect(await verify(tenant, ['run-1', 'run-2'])).toMatchObject({ ok: true })
      }),
      { numRuns: 8 },
    )
  })

  it('lets exactly as many through as there is room for', async () => {
    const tenant = await test.createTenant()
    const account = { level: 'tenant', subject: tenant.tenantId } as const
    await inTenant((tx) => ledger.setLimits(tx, account, { toolCalls: 10 }), tenant)
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        inTenant(
          (tx) =>
            ledger.reserve(
              tx,
              chargeOf(tenant.tenantId, { stepId: `step-${index % 4}` }),
              cost({ toolCalls: 1 }),
            ),
          tenant,
        ),
      ),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  })
})

describe('many acts at once', () => {
  const call = <R extends object>(tenant: TenantScope, name: string, rows: readonly object[]): Promise<R[]> =>
    test.database.transaction(tenant, async (_tx, client) => {
      const answer = await client.query<R>(`select * from ${name}($1)`, [JSON.stringify(rows)])
      return answer.rows
    })

  it('are reserved and settled as they would be one after the other', { timeout: 60_000 }, async () => {
    const act = fc.record({
      run: fc.constantFrom('a', 'b'),
      wanted: fc.integer({ min: 0, max: 40 }),
      used: fc.integer({ min: 0, max: 60 }),
      settled: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 12 }),
        fc.integer({ min: 0, max: 150 }),
        async (acts, money) => {
          const [together, apart] = [await test.createTenant(), await test.createTenant()]
          for (const tenant of [together, apart]) {
            for (const account of [
              { level: 'project', subject: 'project' },
              { level: 'run', subject: 'a' },
            ] as const)
              await inTenant((tx) => ledger.setLimits(tx, account, { money }), tenant)
          }
          const charges = acts.map(({ run }, index) =>
            chargeOf(apart.tenantId, { actKey: `act-${index}`, runId: run as RunId }),
          )
          const refused = new Set<string>()
          for (const [index, charge] of charges.entries()) {
            await inTenant(
              (tx) => ledger.reserve(tx, charge, cost({ money: acts[index]!.wanted })),
              apart,
            ).catch(() => refused.add(charge.actKey))
          }
          const refusals = await call<{ act: string }>(
            together,
            'ledger_reserve_many',
            charges.map((charge, index) => reservationRow(charge, cost({ money: acts[index]!.wanted }))),
          )
          expect(new Set(refusals.map((refusal) => refusal.act))).toEqual(refused)
          const ending = charges.filter(({ actKey }, index) => !refused.has(actKey) && acts[index]!.settled)
          const usedBy = ({ actKey }: Charge) => cost({ money: acts[Number(actKey.slice(4))]!.used })
          for (const charge of ending)
            await inTenant((tx) => ledger.settle(tx, charge, usedBy(charge), 'performed'), apart)
          await call(
            together,
            'ledger_settle_many',
            ending.map((charge) => settlementRow(charge, usedBy(charge), 'performed')),
          )
          const accounts = async (tenant: TenantScope) => {
            const balances = await inTenant<Awaited<ReturnType<typeof ledger.balances>>>(
              (tx) => ledger.balances(tx, tenant.tenantId),
              tenant,
            )
            return balances
              .filter(({ units: { money } }) => money.reserved + money.spent > 0)
              .map(({ level, subject, units }) => [level, level === 'tenant' ? '' : subject, units.money])
          }
          // What exceeds its reservation is charged after the rest, so which account pays may differ, never how much.
          const exceeding = ending.some(
            (charge) => usedBy(charge).money > acts[Number(charge.actKey.slice(4))]!.wanted,
          )
          if (!exceeding) expect(await accounts(together)).toEqual(await accounts(apart))
          expect(await verify(together)).toMatchObject({ ok: true, problems: [] })
        },
      ),
      { numRuns: 15 },
    )
  })

  it('do not wait for each other in a circle with single ones, where accounts are opened', async () => {
    const tenant = await test.createTenant()
    await inTenant((tx) => ledger.reserve(tx, chargeOf(tenant.tenantId), noCost), tenant)
    for (let round = 0; round < 30; round += 1) {
      const charge = () => chargeOf(tenant.tenantId, { projectId: `project-${round}` as ProjectId })
      const rows = () => JSON.stringify([reservationRow(charge(), noCost)])
      await Promise.all(
        Array.from({ length: 3 }, () => [
          inTenant((tx) => ledger.reserve(tx, charge(), noCost), tenant),
          inTenant((tx) => sql`select * from ledger_reserve_many(${rows()}::json)`.execute(tx), tenant),
        ]).flat(),
      )
    }
  })

  it('are not reserved in the name of another tenant, nor with negative amounts', async () => {
    const [tenant, other] = [await test.createTenant(), await test.createTenant()]
    const charge = chargeOf(tenant.tenantId)
    const row = reservationRow(charge, cost({ money: 5 }))
    await call(tenant, 'ledger_reserve_many', [row])
    await expect(
      call(other, 'ledger_settle_many', [settlementRow(charge, noCost, 'performed')]),
    ).rejects.toThrow(/there is no reservation/)
    await expect(
      call(tenant, 'ledger_reserve_many', [{ ...row, act_key: 'negative', money: -5 }]),
    ).rejects.toThrow(/violates check constraint/)
    await expect(
      call(tenant, 'ledger_settle_many', [{ ...settlementRow(charge, noCost, 'performed'), money: -5 }]),
    ).rejects.toThrow(/violates check constraint/)
    expect(await verify(tenant)).toMatchObject({ ok: true })
  })
})

describe('an attacker who holds the application’s connection', () => {
  const attack = (statement: string) =>
    test.database.transaction(scope, (_tx, client) => client.query(statement))

  beforeAll(async () => {
    await inTenant((tx) => ledger.setLimits(tx, { level: 'run', subject: 'run' }, { money: 10 }))
    await inTenant((tx) => ledger.reserve(tx, chargeOf(scope.tenantId), cost({ money: 10 })))
  })

  it.each([
    'update budget_accounts set money_spent = 0, money_reserved = 0',
    'update budget_accounts set money_limit = null',
    'delete from budget_reservations',
    'delete from ledger_entries',
    'update ledger_entries set money = 0',
    'truncate ledger_entries',
    `insert into budget_accounts (tenant_id, level, subject) values ('x', 'run', 'y')`,
    'alter table budget_accounts disable row level security',
  ])('cannot %s', async (statement) => {
    await expect(attack(statement)).rejects.toMatchObject({ code: 'ATL_STORE_FORBIDDEN' })
  })

  it('cannot reserve a negative amount to make room', async () => {
    await expect(
      attack(`select ledger_reserve('x', 1, 'project', 'run', 'step', array[-100, 0, 0, 0]::bigint[])`),
    ).rejects.toThrow()
  })

  it('sees and charges nobody else’s accounts', async () => {
    const other = await test.createTenant()
    const seen = await inTenant<readonly unknown[]>((tx) => ledger.balances(tx, scope.tenantId), other)
    expect(seen).toEqual([])
    await expect(
      inTenant(
        (tx) => ledger.settle(tx, { actKey: 'unknown', attempt: 1 }, cost({ money: 1 }), 'performed'),
        other,
      ),
    ).rejects.toThrow(/there is no reservation/)
  })

  it('is found when the owner’s account was used to change a balance', async () => {
    const tenant = await test.createTenant()
    await inTenant((tx) => ledger.reserve(tx, chargeOf(tenant.tenantId), cost({ money: 10 })), tenant)
    await asOwner(`update budget_accounts set money_reserved = 3 where tenant_id = $1 and level = 'run'`, [
      tenant.tenantId,
    ])
    expect((await verify(tenant)).problems).toEqual([
      'run run: money_reserved is 3, but its entries add up to 10',
    ])
  })
})
