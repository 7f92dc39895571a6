import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { governanceMigrations } from '../../governance/index.ts'
import { createLedger, noCost, reservationRow, settlementRow } from '../../governance/budget/index.ts'
import type { Charge } from '../../governance/budget/index.ts'
import type { ProjectId, RunId } from '../../kernel/index.ts'
import { storeMigrations } from '../../store/index.ts'
import { createTestDatabase, type TenantScope, type TestDatabase } from '../../testing/index.ts'
import { modelMigrations } from '../models/index.ts'
import { addUpDays, type BurnKey, burnByDay, figureMigrations } from './index.ts'

let test: TestDatabase
const ledger = createLedger()
const keys = ['project', 'agent', 'tool', 'model'] as const satisfies readonly BurnKey[]
const since = new Date('2000-01-01')

beforeAll(async () => {
  test = await createTestDatabase({
    migrations: [...storeMigrations, ...governanceMigrations, ...modelMigrations, ...figureMigrations],
  })
})
afterAll(() => test.close())

/** An act that uses something in a project, by an agent, with a tool. */
const actArbitrary = fc.record({
  project: fc.constantFrom('project-a', 'project-b'),
  agent: fc.constantFrom('agent:a', 'agent:b'),
  tool: fc.constantFrom('tool.a', 'tool.b'),
  money: fc.nat({ max: 100 }),
  attempts: fc.integer({ min: 1, max: 2 }),
  settledIn: fc.constantFrom('one', 'many'),
  isAct: fc.boolean(),
  daysAgo: fc.nat({ max: 3 }),
})
type Act = typeof actArbitrary extends fc.Arbitrary<infer T> ? T : never

let acts = 0

async function perform(scope: TenantScope, act: Act): Promise<void> {
  const { tenantId } = scope
  const key = `act-${(acts += 1)}`
  const charge = (attempt: number): Charge => ({
    ...{ tenantId, projectId: act.project as ProjectId, runId: 'run' as RunId, stepId: 'step' },
    ...{ actKey: key, attempt },
  })
  for (let attempt = 1; attempt <= act.attempts; attempt += 1) {
    const most = { ...noCost, money: 50, tokens: 50, toolCalls: 1 }
    const used = { ...noCost, money: act.money, tokens: 3, toolCalls: 1 }
    await test.database.transaction(scope, async (tx) => {
      if (act.settledIn === 'many')
        await sql`select * from ledger_reserve_many(${JSON.stringify([reservationRow(charge(attempt), most)])}::json)`.execute(
          tx,
        )
      else await ledger.reserve(tx, charge(attempt), most)
      if (act.isAct && attempt === 1)
        await sql`
          with decided as (
            insert into decisions (tenant_id, run_id, act_key, principal_id, action, resource, request, decision,
              policies, policy_set, input_digest, errors, decided_at)
            values (${tenantId}, 'run', ${key}, ${act.agent}, 'use-read-tool', 'run:run', '{}', 'allow', '{}', '', '',
              '{}', now())
            returning id
          )
          insert into acts (tenant_id, key, run_id, project_id, step_id, tool, effect, principal_id, resource, state,
            attempt, input_digest, decision_id, redactions, recovered, money, tokens, tool_calls, seconds, trace_id)
          select ${tenantId}, ${key}, 'run', ${act.project}, 'step', ${act.tool}, 'read', ${act.agent}, 'run:run',
            'performing', 1, '', id, '{}', false, 0, 0, 0, 0, '' from decided`.execute(tx)
    })
    await test.database.transaction(scope, async (tx) => {
      if (act.settledIn === 'many')
        await sql`select * from ledger_settle_many(${JSON.stringify([settlementRow(charge(attempt), used, 'performed')])}::json)`.execute(
          tx,
        )
      else await ledger.settle(tx, charge(attempt), used, 'performed')
    })
  }
  await test.database.transaction(scope, (tx) =>
    sql`insert into model_calls (tenant_id, act_key, run_id, project_id, step_id, principal_id, asked_for, model, transport,
        parameters, failed_before, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
        cost, duration_ms, started_at)
      values (${tenantId}, ${key}, 'run', ${act.project}, 'step', ${act.agent}, 'cheap', ${act.isAct ? 'model-a' : null},
        ${act.attempts === 2 ? 'none' : 'relayed'}, '{}', '[]', 5, 6, 0, 0, 0, ${act.money}, 1,
        now() - ${act.daysAgo} * interval '1 day')`.execute(tx),
  )
}

/** What the rows say, read without any totals. */
async function fromRows(scope: TenantScope, by: BurnKey) {
  const day = sql`to_char(at at time zone 'UTC', 'YYYY-MM-DD')`
  const settled = sql`from ledger_entries left join acts on acts.tenant_id = ledger_entries.tenant_id and key = act_key
    where ledger_entries.kind = 'settle'`
  const sums = sql`sum(ledger_entries.money)::bigint as money, sum(ledger_entries.tokens)::bigint as tokens, count(*) as calls`
  const queries = {
    project: sql`select ${day} as day, ledger_entries.project_id as key, ${sums} ${settled} group by 1, 2`,
    agent: sql`select ${day} as day, acts.principal_id as key, ${sums} ${settled} and key is not null group by 1, 2`,
    tool: sql`select ${day} as day, acts.tool as key, ${sums} ${settled} and key is not null group by 1, 2`,
    model: sql`select to_char(started_at at time zone 'UTC', 'YYYY-MM-DD') as day, coalesce(model, asked_for) as key,
      sum(cost)::bigint as money, sum(input_tokens + output_tokens)::bigint as tokens, count(*) as calls
      from model_calls where transport <> 'none' group by 1, 2`,
  }
  return test.database.transaction(scope, async (tx) => {
    const { rows } = await sql<Record<string, unknown>>`
      select * from (${queries[by]}) told order by day, money desc, key`.execute(tx)
    return rows
  })
}

const fromTotals = (scope: TenantScope, by: BurnKey) =>
  test.database.transaction(scope, (tx) => burnByDay(tx, scope.tenantId, { since, by }))

const ofProject = (scope: TenantScope, by: BurnKey, project: string) =>
  test.database.transaction(scope, (tx) =>
    burnByDay(tx, scope.tenantId, { since, by, of: [project as ProjectId] }),
  )
const sumOf = (rows: readonly { readonly money: number; readonly calls: number }[]): number =>
  rows.reduce((sum, { money, calls }) => sum + 1000 * money + calls, 0)

/** As if enough were waiting. */
const addUp = (scope: TenantScope, by: BurnKey) => addUpDays(test.database, scope, by, 0)

describe('totals of days', () => {
  it('with what is not in them are the sums of the rows, whoever adds up while others write', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(actArbitrary, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        async (writers) => {
          const [scope, other] = [await test.createTenant(), await test.createTenant()]
          let isWriting = true
          const reader = async (): Promise<void> => {
            let before = 0
            while (isWriting) {
              await Promise.all(keys.map((by) => addUp(scope, by)))
              const rows = await fromTotals(scope, 'project')
              const calls = rows.reduce((sum, row) => sum + row.calls, 0)
              expect(calls).toBeGreaterThanOrEqual(before)
              before = calls
            }
          }
          const readers = [reader(), reader()]
          await Promise.all(
            writers.map(async (written, index) => {
              for (const act of written) await perform(index === 0 ? other : scope, act)
            }),
          ).finally(() => {
            isWriting = false
          })
          await Promise.all(readers)
          for (const tenant of [scope, other])
            for (const by of keys) {
              const rows = await fromRows(tenant, by)
              expect(await fromTotals(tenant, by)).toEqual(rows)
              const [a, b] = [
                await ofProject(tenant, by, 'project-a'),
                await ofProject(tenant, by, 'project-b'),
              ]
              expect(sumOf(a) + sumOf(b)).toBe(sumOf(await fromTotals(tenant, by)))
              if (by === 'project') expect(a).toEqual(rows.filter(({ key }) => key === 'project-a'))
              await addUp(tenant, by)
              expect(await fromTotals(tenant, by)).toEqual(rows)
            }
        },
      ),
      { numRuns: 8 },
    )
  })

  it('do not miss a call that has its number and is not committed yet', async () => {
    const scope = await test.createTenant()
    const act: Act = {
      ...{ project: 'project-a', agent: 'agent:a', tool: 'tool.a', money: 7, attempts: 1 },
      ...{ settledIn: 'one', isAct: true, daysAgo: 0 },
    }
    await perform(scope, act)
    const written = Promise.withResolvers<undefined>()
    const asked = Promise.withResolvers<undefined>()
    const late = test.database.transaction(scope, async (tx) => {
      await sql`insert into model_calls (tenant_id, act_key, run_id, project_id, step_id, principal_id, asked_for, model, transport,
          parameters, failed_before, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
          reasoning_tokens, cost, duration_ms, started_at)
        select tenant_id, 'late', run_id, project_id, step_id, principal_id, asked_for, model, transport, parameters,
          failed_before, input_tokens, output_tokens, 0, 0, 0, cost, 1, started_at from model_calls`.execute(
        tx,
      )
      written.resolve(undefined)
      await asked.promise
    })
    await written.promise
    await perform(scope, act)
    await addUp(scope, 'model')
    asked.resolve(undefined)
    await late
    await addUp(scope, 'model')
    expect(await fromTotals(scope, 'model')).toMatchObject([{ key: 'model-a', money: 21, calls: 3 }])
  })

  it('belong to their tenant, and tell a day that is not wanted as a whole from its rows', async () => {
    const [scope, other] = [await test.createTenant(), await test.createTenant()]
    const act: Act = {
      ...{ project: 'project-a', agent: 'agent:a', tool: 'tool.a', money: 7, attempts: 1 },
      ...{ settledIn: 'one', isAct: true, daysAgo: 0 },
    }
    await perform(scope, act)
    await addUp(scope, 'project')
    const seen = (as: TenantScope) =>
      test.database.transaction(as, async (tx) => {
        const { rows } = await sql`select * from day_totals`.execute(tx)
        return rows.length
      })
    expect([await seen(scope), await seen(other)]).toEqual([3, 0])
    await test.database.transaction(scope, async (tx) => {
      const { rows } = await sql<{ now: Date }>`select now() as now`.execute(tx)
      const before = new Date(rows[0]!.now.getTime() - 60_000)
      const after = new Date(rows[0]!.now.getTime() + 60_000)
      const of = (since: Date) => burnByDay(tx, scope.tenantId, { since, by: 'project' })
      expect(await of(before)).toMatchObject([{ key: 'project-a', money: 7 }])
      expect(await of(after)).toEqual([])
    })
  })
})
