import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../kernel/index.ts'
import { createTestDatabase, type TenantScope, type TestDatabase } from '../../testing/index.ts'
import {
  CodeSearch,
  collectIndex,
  contextMigrations,
  BackgroundIndexer,
  indexCommit,
  parseQuery,
} from './index.ts'
import { type Files, manyFiles, ScratchSource } from './scratch-source.ts'

let fixture: TestDatabase
let scope: TenantScope

beforeAll(async () => {
  fixture = await createTestDatabase({ migrations: contextMigrations })
  scope = await fixture.createTenant()
})
afterAll(() => fixture.close())

async function paths(source: ScratchSource, commit: string, words: string): Promise<readonly string[]> {
  const request = { location: source.location, commit, query: parseQuery(words), reader: { paths: [''] } }
  const ranked = await new CodeSearch(fixture.database).search(scope, request)
  return ranked.map(({ path }) => path)
}

/** Rows of the repository's index, by table. */
async function rows(location: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const table of ['snapshots', 'files', 'outlines', 'folders', 'commits', 'segments', 'blocks']) {
    const { rows: found } = await fixture.database.transaction(scope, (_tx, client) =>
      client.query<{ n: number }>(
        `select count(*)::integer as n from context_${table} part
         join context_repositories repository on repository.id = part.repository_id where location = $1`,
        [location],
      ),
    )
    counts[table] = found[0]!.n
  }
  return counts
}

async function asIfLongAgo(): Promise<void> {
  const { pool } = fixture.database.owner
  await pool.query('alter table context_files no force row level security')
  await pool.query(`update context_files set stored_at = stored_at - interval '1 year'`)
  await pool.query('alter table context_files force row level security')
}

const many = 2_500

function startVictim(location: string): ChildProcess {
  const orders = JSON.stringify({ target: fixture.target, scope, location, files: many })
  const script = new URL('index-victim.ts', import.meta.url).pathname
  return spawn(process.execPath, [script, orders], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** What it says once, begins to be stored; what it says twice, has been. */
async function secondLine(victim: ChildProcess): Promise<void> {
  let said = ''
  for await (const chunk of victim.stdout!) {
    said += String(chunk)
    if (said.split('\n').length > 2) return
  }
}

describe('indexing', () => {
  it('that was killed goes on where it stopped, and nobody has seen half of it', async () => {
    const source = new ScratchSource('memory:killed')
    const revision = source.commit('c1', manyFiles(many))
    const victim = startVictim(source.location)
    await secondLine(victim)
    victim.kill('SIGKILL')
    await once(victim, 'exit')
    await expect(paths(source, 'c1', 'value7')).rejects.toMatchObject({ code: 'ATL_CONTEXT_NOT_INDEXED' })
    const report = await indexCommit(fixture.database, scope, { source, revision })
    expect(report.files).toBe(many)
    expect(report.read).toBeLessThan(many)
    expect((await paths(source, 'c1', 'value7'))[0]).toBe('src/part7/file7.js')
    expect(await rows(source.location)).toMatchObject({ files: many, outlines: many, snapshots: 1 })
  })

  it('by two processes at once comes to the same as by one', async () => {
    const source = new ScratchSource('memory:raced')
    const revision = source.commit('c1', manyFiles(many))
    const victims = [startVictim(source.location), startVictim(source.location)]
    for (const victim of victims) victim.stdout!.resume()
    const codes = await Promise.all(victims.map(async (victim) => (await once(victim, 'exit'))[0] as number))
    expect(codes).toEqual([0, 0])
    expect(await indexCommit(fixture.database, scope, { source, revision })).toMatchObject({
      read: 0,
      files: many,
      outcomes: { indexed: many },
    })
    expect(await rows(source.location)).toMatchObject({ files: many, outlines: many, snapshots: 1 })
    expect((await paths(source, 'c1', 'value1234'))[0]).toBe('src/part34/file1234.js')
  })
})

describe('indexing in the background', () => {
  const files: Files = { 'src/a.ts': 'export const early = 1\n', 'src/b.ts': 'export const other = 1\n' }

  it('indexes a commit in the background, while older ones go on answering', async () => {
    const indexer = new BackgroundIndexer({ database: fixture.database, logger: silentLogger })
    const source = new ScratchSource('memory:background')
    await indexer.index(scope, { source, revision: source.commit('c1', files) })
    const second = source.commit('c2', { ...files, ...manyFiles(60) }, 'Add many', 'c1')
    indexer.request(scope, { source, revision: second })
    expect(indexer.isIndexing(source.location, 'c2')).toBe(true)
    expect(await paths(source, 'c1', 'early calendar')).toEqual(['src/a.ts'])
    const search = new CodeSearch(fixture.database)
    expect(await search.newestIndexed(scope, source, 'c2')).toBe('c1')
    await indexer.settled()
    expect(indexer.isIndexing(source.location, 'c2')).toBe(false)
    expect(await search.newestIndexed(scope, source, 'c2')).toBe('c2')
    expect(await paths(source, 'c1', 'early calendar')).toEqual(['src/a.ts'])
    expect((await paths(source, 'c2', 'value7'))[0]).toBe('src/part7/file7.js')
    await indexer.close()
  })

  it('leaves out commits that a newer one overtakes while they wait, and survives those that fail', async () => {
    const indexer = new BackgroundIndexer({ database: fixture.database, logger: silentLogger })
    const source = new ScratchSource('memory:overtaken')
    const broken = new ScratchSource('memory:broken')
    broken.listFiles = () => Promise.reject(new Error('the disk is gone'))
    indexer.request(scope, { source: broken, revision: broken.commit('c0', files) })
    for (const commit of ['c1', 'c2', 'c3'])
      indexer.request(scope, { source, revision: source.commit(commit, files) })
    await indexer.settled()
    expect((await rows(source.location))['snapshots']).toBe(1)
    expect(await paths(source, 'c3', 'early')).toEqual(['src/a.ts'])
    await indexer.close()
  })

  it('stops between two batches when it is closed', async () => {
    const indexer = new BackgroundIndexer({ database: fixture.database, logger: silentLogger })
    const source = new ScratchSource('memory:closed')
    indexer.request(scope, { source, revision: source.commit('c1', manyFiles(50)) })
    await indexer.close()
    indexer.request(scope, { source, revision: source.commit('c2', files) })
    await indexer.settled()
    expect(indexer.isIndexing(source.location, 'c2')).toBe(false)
  })
})

describe('collection', () => {
  const state = (n: number): Files => ({
    'src/shared.ts': 'export const shared = 1\n',
    [`src/only${n}/a.ts`]: `export const only${n} = 1\n`,
  })
  const keepTwo = { retention: { commits: 2, days: 7 } }

  async function indexHistory(source: ScratchSource, commits: number): Promise<void> {
    for (let n = 0; n < commits; n += 1) {
      const revision = source.commit(`c${n}`, state(n), `Change only${n}`, n === 0 ? undefined : `c${n - 1}`)
      await indexCommit(fixture.database, scope, { source, revision })
    }
  }

  it('keeps the newest commits and what was searched, and removes all that only others used', async () => {
    const source = new ScratchSource('memory:collected')
    await indexHistory(source, 12)
    expect(await paths(source, 'c3', 'only3')).toEqual(['src/only3/a.ts'])
    await asIfLongAgo()
    const report = await collectIndex(fixture.database, scope, source.location, keepTwo)
    expect(report).toMatchObject({ commits: 9, files: 9 })
    expect(await rows(source.location)).toMatchObject({ snapshots: 3, files: 4, outlines: 4, folders: 4 })
    for (const n of [3, 10, 11]) {
      expect(await paths(source, `c${n}`, `only${n}`)).toEqual([`src/only${n}/a.ts`])
      expect(await paths(source, `c${n}`, 'shared')).toEqual(['src/shared.ts'])
    }
    await expect(paths(source, 'c5', 'only5')).rejects.toMatchObject({ code: 'ATL_CONTEXT_NOT_INDEXED' })
    // What is removed can be indexed again.
    await indexCommit(fixture.database, scope, { source, revision: { commit: 'c5', tree: 'c5' } })
    expect(await paths(source, 'c5', 'only5')).toEqual(['src/only5/a.ts'])
    expect(
      await collectIndex(fixture.database, scope, source.location, { retention: { commits: 9, days: 7 } }),
    ).toEqual({ commits: 0, files: 0, segments: 0 })
  })

  it('writes postings again when most of their files are gone, and the rest is found as before', async () => {
    const source = new ScratchSource('memory:rewritten')
    const all = Object.entries(manyFiles(300))
    const few = Object.fromEntries(all.filter((_, n) => n % 6 === 0))
    for (const [commit, files] of [
      ['c1', Object.fromEntries(all)],
      ['c2', few],
    ] as const)
      await indexCommit(fixture.database, scope, { source, revision: source.commit(commit, files) })
    const before = await rows(source.location)
    await asIfLongAgo()
    const once = { retention: { commits: 1, days: 7 } }
    expect(await collectIndex(fixture.database, scope, source.location, once)).toEqual({
      commits: 1,
      files: 250,
      segments: 1,
    })
    expect(await rows(source.location)).toMatchObject({ files: 50, segments: 1 })
    expect(before['segments']).toBe(1)
    for (const n of [0, 6, 150, 294]) {
      expect((await paths(source, 'c2', `value${n}`))[0]).toBe(`src/part${n % 40}/file${n}.js`)
    }
    expect(await paths(source, 'c2', 'value7')).toEqual([])
  })

  it('does not take from under an index in the making what it counts on', async () => {
    const source = new ScratchSource('memory:undermined')
    await indexHistory(source, 4)
    await asIfLongAgo()
    // Between finding the files of c0 known and listing them, all that only c0 had is removed.
    const again = source.commit('again', state(0), 'Again', 'c3')
    const history = source.history.bind(source)
    let collections = 0
    source.history = async (commit) => {
      collections += 1
      if (collections === 1) await collectIndex(fixture.database, scope, source.location, keepTwo)
      return history(commit)
    }
    await indexCommit(fixture.database, scope, { source, revision: again })
    expect(collections).toBe(2)
    expect((await paths(source, 'again', 'only0'))[0]).toBe('src/only0/a.ts')
  })

  it('and indexing and searching at the same time do not disturb each other', async () => {
    const source = new ScratchSource('memory:together')
    await indexHistory(source, 3)
    await asIfLongAgo()
    const work: Promise<unknown>[] = []
    for (let n = 3; n < 12; n += 1) {
      const revision = source.commit(`c${n}`, state(n), `Change only${n}`, `c${n - 1}`)
      work.push(
        indexCommit(fixture.database, scope, { source, revision }),
        collectIndex(fixture.database, scope, source.location, keepTwo),
        paths(source, 'c2', 'shared').catch((error: unknown) =>
          expect(error).toMatchObject({ code: 'ATL_CONTEXT_NOT_INDEXED' }),
        ),
      )
    }
    await Promise.all(work)
    const newest = { commit: 'c11', tree: 'c11' }
    await indexCommit(fixture.database, scope, { source, revision: newest })
    expect(await paths(source, 'c11', 'only11')).toEqual(['src/only11/a.ts'])
  })
})
