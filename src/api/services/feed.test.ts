import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineMigrations } from '../../engine/index.ts'
import { createGovernedStudio, type GovernedStudio, type TenantScope } from '../../testing/index.ts'
import { apiMigrations } from '../migrations.ts'
import { EventFeed, type FeedEvent } from './feed.ts'

let studio: GovernedStudio
let feed: EventFeed

beforeAll(async () => {
  studio = await createGovernedStudio({ migrations: [...engineMigrations, ...apiMigrations] })
  feed = new EventFeed(studio)
})
afterAll(async () => {
  await studio[Symbol.asyncDispose]()
})

/** Writes an event, as if by a transaction of this number; without one, by a transaction of its own. */
async function write(
  scope: TenantScope,
  runId: string,
  sequence: number,
  transaction?: number,
): Promise<void> {
  const by = transaction === undefined ? sql`pg_current_xact_id()` : sql`${String(transaction)}::xid8`
  await studio.database.transaction(scope, (tx) =>
    sql`insert into run_events (tenant_id, run_id, sequence, at, kind, data, transaction)
        values (${scope.tenantId}, ${runId}, ${sequence}, now(), 'step-ended', '{}', ${by})`.execute(tx),
  )
}

/** The next so many events of a stream, and how to end it. */
async function take(
  scope: TenantScope,
  after: string | undefined,
  count: number,
): Promise<readonly FeedEvent[]> {
  const leave = new AbortController()
  const taken: FeedEvent[] = []
  for await (const event of feed.watch({ scope, projects: [], isEverything: true }, after, leave.signal)) {
    taken.push(event)
    if (taken.length === count) break
  }
  return taken
}

const places = (events: readonly FeedEvent[]) =>
  events.map(({ data: { runId, sequence } }) => `${runId}/${sequence}`)

describe('the feed of a tenant', () => {
  it('is in the order of transactions, by number and not by digits', async () => {
    const scope = await studio.testDatabase.createTenant()
    for (const transaction of [100, 9, 99, 10]) await write(scope, `run_${transaction}`, 1, transaction)
    const events = await take(scope, '1.0.', 4)
    expect(places(events)).toEqual(['run_9/1', 'run_10/1', 'run_99/1', 'run_100/1'])
  })

  it('goes on behind an event, without missing one or telling it twice', async () => {
    const scope = await studio.testDatabase.createTenant()
    for (let sequence = 1; sequence <= 1100; sequence += 100)
      await studio.database.transaction(scope, (tx) =>
        sql`insert into run_events (tenant_id, run_id, sequence, at, kind, data)
            select ${scope.tenantId}, 'run_1', number, now(), 'step-ended', '{}'
            from generate_series(${sequence}::int, ${sequence + 99}::int) number`.execute(tx),
      )
    const first = await take(scope, '1.0.', 650)
    const rest = await take(scope, first.at(-1)?.id, 450)
    expect(places([...first, ...rest])).toEqual(
      Array.from({ length: 1100 }, (_, index) => `run_1/${index + 1}`),
    )
  })

  it('tells many streams the same, each tenant only what is its own', async () => {
    const [one, other] = [await studio.testDatabase.createTenant(), await studio.testDatabase.createTenant()]
    const streams = [
      ...Array.from({ length: 50 }, () => take(one, undefined, 3)),
      ...Array.from({ length: 50 }, () => take(other, undefined, 2)),
    ]
    // Both begin with what happens now, which is once they have asked where that is.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    for (let sequence = 1; sequence <= 3; sequence += 1) {
      await write(one, 'run_of_one', sequence)
      if (sequence < 3) await write(other, 'run_of_other', sequence)
    }
    const told = await Promise.all(streams)
    for (const [index, events] of told.entries())
      expect(places(events)).toEqual(
        index < 50 ? ['run_of_one/1', 'run_of_one/2', 'run_of_one/3'] : ['run_of_other/1', 'run_of_other/2'],
      )
  })

  it('gives the same event to all streams, so that it is written out once', async () => {
    const scope = await studio.testDatabase.createTenant()
    const streams = [take(scope, '1.0.', 1), take(scope, '1.0.', 1)]
    await write(scope, 'run_1', 1)
    const [[one], [other]] = (await Promise.all(streams)) as [FeedEvent[], FeedEvent[]]
    expect(one?.data).toBe(other?.data)
  })

  it('ends streams at once that nobody reads any more, and waits for nothing', async () => {
    const scope = await studio.testDatabase.createTenant()
    const leave = new AbortController()
    const stream = feed.watch({ scope, projects: [], isEverything: true }, undefined, leave.signal)
    const next = stream.next()
    leave.abort()
    expect(await next).toMatchObject({ done: true })
  })
})
