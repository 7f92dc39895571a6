import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../testing/index.ts'
import type { TenantScope, TestDatabase } from '../testing/index.ts'
import type { Pipeline } from './index.ts'

let fixture: TestDatabase
let ours: TenantScope
let theirs: TenantScope

beforeAll(async () => {
  fixture = await createTestDatabase()
  ours = await fixture.createTenant('Ours')
  theirs = await fixture.createTenant('Theirs')
})
afterAll(() => fixture.close())

const putPrincipal = ({ send }: Pick<Pipeline, 'send'>, id: string, tenantId: string = ours.tenantId) =>
  send({
    name: 'put-principal',
    text: `insert into principals (tenant_id, id, kind, name) values ($1, $2, 'person', $2)`,
    values: [tenantId, id],
  })

const divide = ({ send }: Pick<Pipeline, 'send'>, by: number) =>
  send<{ result: number }>({ name: 'divide', text: 'select 1 / $1::integer as result', values: [by] })

async function isThere(id: string): Promise<boolean> {
  const found = await fixture.database.transaction(ours, (tx) =>
    tx.selectFrom('principals').select('id').where('id', '=', id).execute(),
  )
  return found.length === 1
}

describe('a pipelined transaction', () => {
  it('commits what is still under way when the work ends', async () => {
    const rows = await fixture.database.pipelined(ours, async (pipeline) => {
      const [{ result } = { result: 0 }] = await divide(pipeline, 1)
      return { underWay: putPrincipal(pipeline, `person:${result}`).then(() => result) }
    })
    expect(rows).toBe(1)
    expect(await isThere('person:1')).toBe(true)
  })

  it('commits nothing when a statement fails, waited for or not', async () => {
    const fails = (work: (pipeline: Pipeline) => Promise<{ underWay: Promise<unknown> }>) =>
      expect(fixture.database.pipelined(ours, work)).rejects.toThrow(/division by zero/)
    await fails((pipeline) => {
      void putPrincipal(pipeline, 'person:early')
      return Promise.resolve({ underWay: divide(pipeline, 0) })
    })
    await fails((pipeline) => {
      void divide(pipeline, 0)
      return Promise.resolve({ underWay: putPrincipal(pipeline, 'person:late') })
    })
    await fails(async (pipeline) => {
      await divide(pipeline, 0)
      return { underWay: Promise.resolve() }
    })
    expect([await isThere('person:early'), await isThere('person:late')]).toEqual([false, false])
  })

  it('rolls back when the work throws, and passes the error through', async () => {
    const failure = new Error('the work failed')
    const work = fixture.database.pipelined(ours, async (pipeline) => {
      await putPrincipal(pipeline, 'person:dropped')
      throw failure
    })
    await expect(work).rejects.toBe(failure)
    expect(await isThere('person:dropped')).toBe(false)
  })

  it('can be joined by ordinary statements', async () => {
    await fixture.database.pipelined(ours, async (pipeline) => {
      void putPrincipal(pipeline, 'person:joined')
      const seen = await pipeline.join((tx) =>
        tx.selectFrom('principals').select('id').where('id', '=', 'person:joined').execute(),
      )
      expect(seen).toHaveLength(1)
      return { underWay: Promise.resolve() }
    })
    expect(await isThere('person:joined')).toBe(true)
  })

  it('sees and writes rows of its own tenant only', async () => {
    const seen = await fixture.database.pipelined(theirs, ({ send }) =>
      Promise.resolve({
        underWay: send<{ tenant_id: string }>({
          name: 'all-principals',
          text: 'select tenant_id from principals',
          values: [],
        }),
      }),
    )
    expect(new Set(seen.map(({ tenant_id }) => tenant_id))).toEqual(new Set([theirs.tenantId]))
    const intrude = fixture.database.pipelined(theirs, (pipeline) =>
      Promise.resolve({ underWay: putPrincipal(pipeline, 'person:intruder') }),
    )
    await expect(intrude).rejects.toMatchObject({ code: 'ATL_STORE_FORBIDDEN' })
  })

  it('is done on another connection when its own turns out to be dead', async () => {
    const read = () =>
      fixture.database.pipelined(ours, async ({ send }) => {
        const [row] = await send<{ pid: number }>({
          name: 'pid',
          text: 'select pg_backend_pid() as pid from pg_sleep(0.05)',
          values: [],
        })
        return { underWay: Promise.resolve(row!.pid) }
      })
    const idle = await Promise.all([read(), read()])
    await fixture.database.transaction(ours, (tx) =>
      sql`select pg_terminate_backend(pid) from unnest(${idle}::integer[]) as pid
          where pid <> pg_backend_pid()`.execute(tx),
    )
    const pids = await Promise.all([read(), read()])
    expect(new Set([...idle, ...pids]).size).toBe(3)
  })
})
