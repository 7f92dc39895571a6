import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../testing/index.ts'
import type { TenantScope, TestDatabase } from '../../testing/index.ts'
import {
  assembleContext,
  CodeSearch,
  contextMigrations,
  indexCommit,
  parseQuery,
  presentHit,
  type RepositorySource,
} from './index.ts'
import { type Files, ScratchSource } from './scratch-source.ts'

let fixture: TestDatabase
let scope: TenantScope

beforeAll(async () => {
  fixture = await createTestDatabase({ migrations: contextMigrations })
  scope = await fixture.createTenant('Ours')
})
afterAll(() => fixture.close())

const files: Files = {
  'src/calendar.ts':
    '/** Finds free slots. */\nexport function findFreeSlot(day) {\n  return day.slots[0]\n}\n',
  'src/format.ts':
    "import { findFreeSlot } from './calendar.ts'\nexport const formatDate = (date) => `${date}`\n",
  'src/billing.ts': 'export class Invoice {\n  total() {\n    return 0\n  }\n}\n',
  'test/calendar.test.ts':
    "import { findFreeSlot } from '../src/calendar.ts'\nit('finds a free slot', () => {})\n",
  'AGENTS.md': '# Rules\n\nNever touch the calendar without a test.\n',
}

async function searchFor(
  source: RepositorySource,
  commit: string,
  words: string,
  readable: readonly string[] = [''],
  as: TenantScope = scope,
) {
  const search = new CodeSearch(fixture.database)
  const query = parseQuery(words)
  return search.search(as, { location: source.location, commit, query, reader: { paths: readable } })
}

describe('indexing', () => {
  it('reads only what no indexed commit has', async () => {
    const source = new ScratchSource('memory:increments')
    const first = source.commit('c1', files)
    const second = source.commit('c2', { ...files, 'src/billing.ts': 'export const tax = 1\n' }, 'Tax', 'c1')
    expect(await indexCommit(fixture.database, scope, { source, revision: first })).toMatchObject({
      files: 5,
      read: 5,
      outcomes: { indexed: 5 },
      syntaxErrors: 0,
    })
    source.reads.length = 0
    expect(await indexCommit(fixture.database, scope, { source, revision: second })).toMatchObject({
      files: 5,
      read: 1,
    })
    expect(source.reads).toEqual(['src/billing.ts'])
    expect(await indexCommit(fixture.database, scope, { source, revision: second })).toMatchObject({
      read: 0,
    })
  })

  it('by several at once comes to the same', async () => {
    const source = new ScratchSource('memory:at-once')
    const revision = source.commit('c1', files)
    await Promise.all([1, 2, 3].map(() => indexCommit(fixture.database, scope, { source, revision })))
    const ranked = await searchFor(source, 'c1', 'free slot')
    expect(ranked.map(({ path }) => path)).toEqual(['src/calendar.ts', 'src/format.ts'])
  })

  it('merges what many pushes have left behind', async () => {
    const source = new ScratchSource('memory:pushes')
    for (let push = 0; push < 60; push += 1) {
      const revision = source.commit(`c${push}`, { 'src/a.ts': `export const value = ${push}\n` })
      await indexCommit(fixture.database, scope, { source, revision })
    }
    const segments = await fixture.database.transaction(scope, (tx) =>
      tx
        .selectFrom('context_segments')
        .innerJoin('context_repositories', 'context_repositories.id', 'context_segments.repository_id')
        .select('segment')
        .distinct()
        .where('location', '=', 'memory:pushes')
        .execute(),
    )
    expect(segments.length).toBeLessThan(20)
    expect((await searchFor(source, 'c59', 'value')).map(({ path }) => path)).toEqual(['src/a.ts'])
  })

  it('reports what it could not read, and reads the rest', async () => {
    const source = new ScratchSource('memory:bad')
    const revision = source.commit('c1', {
      'src/good.ts': 'export const good = 1\n',
      'src/huge.ts': 'x'.repeat(1_100_000),
      'src/tool.min.js': 'a',
      'src/blob.bin': 'a\0b',
      'src/broken.ts': 'function ( {{{\n',
    })
    const report = await indexCommit(fixture.database, scope, { source, revision })
    expect(report).toMatchObject({
      outcomes: { binary: 1, generated: 1, indexed: 2, 'too-large': 1 },
      syntaxErrors: 1,
    })
    expect(source.reads).not.toContain('src/huge.ts')
  })
})

describe('a search', () => {
  it('says why each file is where it is', async () => {
    const source = new ScratchSource('memory:why')
    await indexCommit(fixture.database, scope, {
      source,
      revision: source.commit('c1', files, 'Find a free slot on Sundays'),
    })
    const ranked = await searchFor(source, 'c1', 'findFreeSlot returns a taken slot')
    const [first, second] = ranked.map(presentHit)
    expect(first).toMatchObject({
      path: 'src/calendar.ts',
      startLine: 1,
      endLine: 4,
      symbols: ['findFreeSlot'],
      why: { pastCommit: 'c1' },
    })
    const fields = ['symbol', 'signature', 'doc', 'body']
    expect(first!.why.terms).toContainEqual({ term: 'slot', fields })
    expect(second!.path).toBe('src/format.ts')
    expect(second!.why.edges).toContainEqual({ kind: 'imports', path: 'src/calendar.ts' })
  })

  it('sees the commit that it names and no other', async () => {
    const source = new ScratchSource('memory:commits')
    const first = source.commit('c1', { 'src/a.ts': 'export const early = 1\n' })
    const second = source.commit('c2', { 'src/a.ts': 'export const late = 1\n' }, 'Be late', 'c1')
    for (const revision of [first, second]) await indexCommit(fixture.database, scope, { source, revision })
    expect(await searchFor(source, 'c1', 'late')).toEqual([])
    expect(await searchFor(source, 'c2', 'early')).toEqual([])
    expect(await searchFor(source, 'c2', 'late')).toHaveLength(1)
    await expect(searchFor(source, 'c3', 'late')).rejects.toMatchObject({ code: 'ATL_CONTEXT_NOT_INDEXED' })
  })

  it('finds nothing of another tenant', async () => {
    const source = new ScratchSource('memory:tenants')
    await indexCommit(fixture.database, scope, { source, revision: source.commit('c1', files) })
    const theirs = await fixture.createTenant('Theirs')
    await expect(searchFor(source, 'c1', 'slot', [''], theirs)).rejects.toMatchObject({
      code: 'ATL_CONTEXT_NOT_INDEXED',
    })
  })

  it('does not take a folder for another whose name begins alike', async () => {
    const source = new ScratchSource('memory:prefix')
    const revision = source.commit('c1', { 'src/a.ts': 'secret', 'src2/a.ts': 'secret', src: 'secret' })
    await indexCommit(fixture.database, scope, { source, revision })
    expect((await searchFor(source, 'c1', 'secret', ['src2'])).map(({ path }) => path)).toEqual(['src2/a.ts'])
  })
})

describe('a context', () => {
  it('keeps its budget, names lines and commit, and says what it leaves out', async () => {
    const source = new ScratchSource('memory:context')
    const body = '  slot = slot.next(calendar, day, week)\n'.repeat(60)
    const long = Array.from({ length: 8 }, (_, n) => `export function slot${n}(slot) {\n${body}}\n`).join(
      '\n',
    )
    const revision = source.commit('c1', { ...files, 'src/long.ts': long })
    await indexCommit(fixture.database, scope, { source, revision })
    const context = await assembleContext(new CodeSearch(fixture.database), scope, {
      source,
      revision,
      query: parseQuery('findFreeSlot gives a taken slot of the calendar'),
      reader: { paths: [''] },
      tokens: 2_000,
    })
    expect(context.tokens).toBeLessThanOrEqual(2_000)
    expect(context.pieces.map(({ tokens }) => tokens).reduce((a, b) => a + b)).toBe(context.tokens)
    expect(context.pieces[0]).toMatchObject({ path: 'AGENTS.md', role: 'rules' })
    expect(context.pieces[1]).toMatchObject({
      role: 'code',
      path: 'src/calendar.ts',
      startLine: 1,
      endLine: 4,
      commit: 'c1',
      kind: 'source',
      text: files['src/calendar.ts'],
    })
    expect(context.pieces.map(({ path }) => path)).toContain('test/calendar.test.ts')
    expect(context.leftOut.map(({ path }) => path)).toContain('src/long.ts')
  })
})

describe('a context of several roles', () => {
  it('binds rules, decisions, types, tests and suspects to the code, and says why each is there', async () => {
    const source = new ScratchSource('memory:roles')
    const revision = source.commit('c1', {
      'AGENTS.md': '# Rules\n\nBe kind.\n',
      'lib/AGENTS.md': '# Rules of the library\n\nRound down.\n',
      'other/AGENTS.md': '# Rules of something else\n\nRound up.\n',
      'docs/adr/0001-round-prices.md': '# Round prices down\n\nPrices are rounded down to the cent.\n',
      'lib/prices.ts':
        "import type { Money } from './money.ts'\n\nexport function roundPrice(price: Money): Money {\n  return price\n}\n",
      'lib/money.ts': 'export interface Money {\n  readonly cents: number\n}\n',
      'lib/ledger.ts': 'export function post(entry) {\n  return entry.sum + 1\n}\n',
      'lib/prices.test.ts': "import { roundPrice } from './prices.ts'\nit('rounds a price', () => {})\n",
    })
    await indexCommit(fixture.database, scope, { source, revision })
    const context = await assembleContext(new CodeSearch(fixture.database), scope, {
      source,
      revision,
      query: parseQuery('roundPrice rounds prices up'),
      reader: { paths: [''] },
      tokens: 3_000,
      suspects: [
        { file: 'lib/ledger.ts', line: 2, score: 0.9, reasons: ['only failing tests run it'] },
        { file: 'lib/gone.ts', line: 7, score: 0.2, reasons: [] },
      ],
    })
    const shown = context.pieces.map(({ role, path: file }) => `${role} ${file}`)
    expect(shown.slice(0, 3)).toEqual(['rules lib/AGENTS.md', 'rules AGENTS.md', 'suspect lib/ledger.ts'])
    expect(shown).toContain('decision docs/adr/0001-round-prices.md')
    expect(shown).toContain('test lib/prices.test.ts')
    expect(shown).not.toContain('rules other/AGENTS.md')
    expect(context.pieces.map(({ path: file }) => file)).toContain('lib/money.ts')
    expect(context.pieces.find(({ role }) => role === 'suspect')?.why).toContain('only failing tests run it')
    expect(context.pieces.find(({ role }) => role === 'test')?.why[0]).toBe('test of lib/prices.ts')
    expect(context.leftOut).toContainEqual(
      expect.objectContaining({ path: 'lib/gone.ts', startLine: 7, reason: 'not-indexed' }),
    )
    const places = context.pieces.map((piece) => `${piece.path}:${piece.startLine}`)
    expect(new Set(places).size).toBe(places.length)
  })
})
