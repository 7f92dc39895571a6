import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openQuestions, pendingApprovals, unhappyRuns } from '../../src/api/services/inbox.ts'
import type { Reading } from '../../src/api/services/access.ts'
import { approvalRows } from '../../src/api/services/approvals.ts'
import { writeCursor } from '../../src/api/services/cursor.ts'
import { findRuns, type RunQuery } from '../../src/api/services/run-search.ts'
import { endOfLook, workItemRows } from '../../src/api/services/work-item-list.ts'
import type { Caller } from '../../src/contracts/index.ts'
import { runAccounts } from '../../src/governance/budget/index.ts'
import { registerPrincipal } from '../../src/governance/index.ts'
import type { PrincipalId, ProjectId } from '../../src/kernel/index.ts'
import { allMigrations } from '../../src/main/schema.ts'
import type { Tx } from '../../src/store/index.ts'
import { createTestDatabase, type TenantScope, type TestDatabase } from '../../src/testing/index.ts'
import { writeHistory } from './history.ts'

const runs = 20_000
const people = Array.from({ length: 20 }, (_, index) => `person:member-${index}` as PrincipalId)
const tables = ['projects', 'work_items', 'runs', 'mandates', 'approval_requests', 'budget_accounts']

let test: TestDatabase
let scope: TenantScope

beforeAll(async () => {
  test = await createTestDatabase({ migrations: allMigrations })
  scope = await test.createTenant()
  await test.database.transaction(scope, async (tx) => {
    for (const id of people)
      await registerPrincipal(tx, scope.tenantId, { id, kind: 'person', name: id, roles: ['engineer'] })
  })
  await writeHistory({
    url: test.target.owner,
    tenants: [{ id: scope.tenantId, requesters: people, runs }],
    tables,
  })
})
afterAll(() => test.close())

/** What is read row by row from the beginning to the end of a table while a list is made. */
async function tablesReadAsAWhole(list: (tx: Tx) => Promise<unknown>): Promise<readonly string[]> {
  return test.database.transaction(scope, async (tx) => {
    const before = await wholeReadings(tx)
    await list(tx)
    const after = await wholeReadings(tx)
    return tables.filter((table) => after.get(table) !== before.get(table))
  })
}

/** By table; what the connection has done before may not have been counted elsewhere yet. */
async function wholeReadings(tx: Tx): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ table: string; count: number }>`
    select relname as table, seq_scan::int as count from pg_stat_xact_user_tables`.execute(tx)
  return new Map(rows.map(({ table, count }) => [table, count]))
}

/** A position in the middle of the list, and ones that no list has given out. */
const positions = {
  'from the beginning': undefined,
  'far into it': writeCursor({ time: new Date(Date.now() - 20 * 86_400_000).toISOString(), id: 'run_5' }),
  'behind the end': writeCursor({ time: '1970-01-01T00:00:00Z', id: '' }),
  'before the beginning': writeCursor({ time: '9999-12-31T23:59:59Z', id: 'run_z' }),
}
const filters: Readonly<Record<string, Omit<RunQuery, 'limit'>>> = {
  all: {},
  'by a status': { status: 'failed' },
  'by a status that no run has': { status: 'running', requester: 'person:nobody' },
  'by an outcome': { outcome: 'escalated' },
  'of a person': { requester: 'person:member-3' },
  'of a repository': { repository: '/srv/git/shop-9.git' },
  'of a repository that is not there': { repository: '/nowhere' },
  'of a repository, with a status, of a person': {
    ...{ repository: '/srv/git/shop-9.git', status: 'cancelled', requester: 'person:member-3' },
  },
  'with a text': { text: 'invoices' },
  'with a text that nothing holds': { text: String.raw`50%_\ off` },
}

const everything = (): Reading => ({ scope, projects: [], isEverything: true })
const ofProject = (): Reading => ({ scope, projects: ['project-3' as ProjectId], isEverything: false })

describe('of many runs', () => {
  for (const [what, filter] of Object.entries(filters))
    for (const [where, after] of Object.entries(positions))
      it(`the list ${what}, ${where}, reads no table as a whole`, async () => {
        const list = (tx: Tx) => findRuns(tx, everything(), { limit: 50, after, ...filter })
        expect(await tablesReadAsAWhole(list)).toEqual([])
      })

  it('every one that fits is found, page by page, whatever is looked for', async () => {
    const searches = [
      { repository: '/srv/git/shop-9.git', status: 'failed' },
      { text: 'invoices of order 10' },
      { text: 'order 77' },
      { outcome: 'rejected' },
    ] as const
    for (const filter of searches) {
      const found: string[] = []
      let after: string | undefined
      do {
        const page = await test.database.transaction(scope, (tx) =>
          findRuns(tx, everything(), { limit: 200, after, ...filter }),
        )
        found.push(...page.runIds)
        after = page.next ?? undefined
      } while (after !== undefined)
      expect(found.length).toBe(await countOf(filter))
      expect(new Set(found).size).toBe(found.length)
    }
  })
})

async function countOf(filter: {
  readonly repository?: string
  readonly text?: string
  readonly status?: string
  readonly outcome?: string
}): Promise<number> {
  const { repository = null, text = null, status = null, outcome = null } = filter
  const result = outcome === null ? null : `{"outcome":"${outcome}"}`
  return test.database.transaction(scope, async (tx) => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from runs join work_items using (tenant_id, run_id)
      where runs.tenant_id = ${scope.tenantId}
        and (${repository}::text is null or location = ${repository})
        and (${text}::text is null
          or title ilike all (select '%' || word || '%' from regexp_split_to_table(${text}, ' ') word))
        and (${status}::text is null or status = ${status})
        and (${result}::text is null
          or result_digest = 'sha256:' || encode(sha256(convert_to(${result}, 'UTF8')), 'hex'))`.execute(tx)
    return rows[0]?.count ?? -1
  })
}

describe('other lists', () => {
  const caller = (): Caller => ({
    principal: {
      kind: 'person',
      id: people[0]!,
      tenantId: scope.tenantId,
      roles: ['owner'],
      onBehalfOf: undefined,
    },
    via: 'token',
    credentialId: 'token',
    scopes: 'all',
  })
  const entriesOf = (reading: Reading) =>
    ({ caller: caller(), reading, position: undefined, limit: 51, now: new Date() }) as const
  const lists: Readonly<Record<string, (tx: Tx) => Promise<unknown>>> = {
    'work items': (tx) => workItemRows(tx, { reading: everything(), limit: 51 }),
    'work items with a text': async (tx) => {
      const end = await endOfLook(tx, { reading: everything() })
      return workItemRows(tx, { reading: everything(), limit: 51, text: 'nothing', end })
    },
    approvals: (tx) => approvalRows(tx, scope.tenantId).limit(51).execute(),
    'approvals that expired': (tx) =>
      approvalRows(tx, scope.tenantId).where('approval_requests.status', '=', 'expired').limit(51).execute(),
    'what waits in the inbox': (tx) => pendingApprovals(tx, entriesOf(everything())),
    'what is asked in the inbox': (tx) => openQuestions(tx, entriesOf(everything())),
    'what failed in the inbox': (tx) => unhappyRuns(tx, entriesOf(everything()), undefined, []),
    'what waits in a project': (tx) => pendingApprovals(tx, entriesOf(ofProject())),
    'what failed in a project': (tx) => unhappyRuns(tx, entriesOf(ofProject()), undefined, []),
    'runs of a project': (tx) => findRuns(tx, ofProject(), { limit: 50 }),
    'work items of a project': (tx) => workItemRows(tx, { reading: ofProject(), limit: 51 }),
    'budgets of runs': (tx) =>
      runAccounts(tx, scope.tenantId, { of: 'tenant', before: undefined, limit: 51 }),
    'budgets of the runs of a project': (tx) =>
      runAccounts(tx, scope.tenantId, { of: ofProject().projects, before: undefined, limit: 51 }),
  }
  it.each(Object.keys(lists))('%s read no table as a whole', async (name) => {
    expect(await tablesReadAsAWhole(lists[name]!)).toEqual([])
  })
})
