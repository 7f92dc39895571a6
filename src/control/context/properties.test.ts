import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TenantScope, type TestDatabase } from '../../testing/index.ts'
import { CodeSearch, collectIndex, contextMigrations, indexCommit, parseQuery, presentHit } from './index.ts'
import { type Files, ScratchSource } from './scratch-source.ts'

let fixture: TestDatabase
let scope: TenantScope
let search: CodeSearch
let runs = 0

beforeAll(async () => {
  fixture = await createTestDatabase({ migrations: contextMigrations })
  scope = await fixture.createTenant()
  // One for all: what it remembers of one repository or reader must not reach another.
  search = new CodeSearch(fixture.database)
})
afterAll(() => fixture.close())

const names = ['alpha', 'beta', 'gamma', 'delta']
const path = fc.constantFrom('a/x.ts', 'a/y.ts', 'a/b/x.ts', 'b/x.ts', 'b/y.py', 'top.ts')
const content = fc
  .array(fc.constantFrom(...names), { minLength: 1, maxLength: 6 })
  .map((words) => words.map((word) => `export const ${word} = '${words.join(' ')}'\n`).join(''))
const entry = fc.oneof(
  { weight: 4, arbitrary: content },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('executable', 'link', 'submodule'), content }),
  },
)
const tree = fc.dictionary(path, entry, { minKeys: 1, maxKeys: 6 })
const readable = fc.uniqueArray(fc.constantFrom('a', 'a/b', 'b', 'top.ts', 'a/x.ts'), { maxLength: 3 })

const somebody = fc.record({
  paths: fc.oneof(fc.constant(['']), readable),
  except: readable,
})
type Reader = typeof somebody extends fc.Arbitrary<infer T> ? T : never

function mayRead({ paths, except }: Reader, file: string): boolean {
  const isAmong = (some: readonly string[]): boolean =>
    some.some((prefix) => prefix === '' || file === prefix || file.startsWith(`${prefix}/`))
  return isAmong(paths) && !isAmong(except)
}

const everything: Reader = { paths: [''], except: [] }

async function answer(source: ScratchSource, commit: string, words: string, reader = everything) {
  const request = { location: source.location, commit, query: parseQuery(words), reader }
  const ranked = await search.search(scope, request)
  return ranked.map((file) => ({ ...presentHit(file), features: file.features }))
}

it('a reader learns nothing of what may not be read: the answer is that of a repository without it', async () => {
  const words = fc.subarray(names, { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(tree, somebody, somebody, words, async (all, allowed, others, asked) => {
      runs += 1
      const source = new ScratchSource(`memory:secret-${runs}`)
      const visible = Object.fromEntries(Object.entries(all).filter(([file]) => mayRead(allowed, file)))
      const whole = source.commit('whole', all, 'Add alpha')
      const part = source.commit('part', visible, 'Add alpha')
      for (const revision of [whole, part]) await indexCommit(fixture.database, scope, { source, revision })
      // Somebody else asks first, and leaves behind what can be remembered.
      await answer(source, 'whole', asked.join(' '), others)
      const restricted = await answer(source, 'whole', asked.join(' '), allowed)
      expect(restricted.every((hit) => mayRead(allowed, hit.path))).toBe(true)
      const reference = await answer(source, 'part', asked.join(' '))
      const anonymous = (hits: unknown) => JSON.stringify(hits).replaceAll('"whole"', '"part"')
      expect(anonymous(restricted)).toBe(anonymous(reference))
    }),
    { numRuns: 30 },
  )
})

/** A step of a history: a tree, from which of the commits so far it comes, and when it is indexed among the others. */
const step = fc.record({ files: tree, parent: fc.nat(), turn: fc.nat(), keeps: fc.boolean() })

it('an index that grew with the history, in any order, and was cleared is one made at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 5 }),
      fc.constantFrom(...names),
      async (steps, word) => {
        runs += 1
        const grown = new ScratchSource(`memory:grown-${runs}`)
        const fresh = new ScratchSource(`memory:fresh-${runs}`)
        const trees: Files[] = []
        for (const [index, { files, parent, keeps }] of steps.entries()) {
          const from = index === 0 ? undefined : parent % index
          // What keeps its parent's files besides its own merges them.
          trees.push({ ...(keeps && from !== undefined ? trees[from] : {}), ...files })
          for (const source of [grown, fresh])
            source.commit(
              `c${index}`,
              trees[index]!,
              `Change ${word}`,
              from === undefined ? undefined : `c${from}`,
            )
        }
        const order = [...steps.keys()].sort((a, b) => steps[a]!.turn - steps[b]!.turn)
        const reports = new Map<number, unknown>()
        for (const index of order) reports.set(index, await indexOf(grown, index))
        await forgetStoredTimes()
        await collectIndex(fixture.database, scope, grown.location, { retention: { commits: 2, days: 0 } })
        const last = order.at(-1)!
        expect(await indexOf(fresh, last)).toEqual(reports.get(last))
        expect(await answer(grown, `c${last}`, word)).toEqual(await answer(fresh, `c${last}`, word))
        expect(await listing(grown, last)).toEqual(await listing(fresh, last))
      },
    ),
    { numRuns: 20 },
  )
})

async function indexOf(source: ScratchSource, index: number) {
  const revision = { commit: `c${index}`, tree: `c${index}` }
  const { files, lines, outcomes } = await indexCommit(fixture.database, scope, { source, revision })
  return { files, lines, outcomes }
}

/** As if everything had been stored long ago. */
async function forgetStoredTimes(): Promise<void> {
  await fixture.database.owner.pool.query('alter table context_files no force row level security')
  await fixture.database.owner.pool.query(
    `update context_files set stored_at = stored_at - interval '1 year'`,
  )
  await fixture.database.owner.pool.query('alter table context_files force row level security')
}

/** Everything that is stored of a commit's files, but for their numbers. */
function listing(source: ScratchSource, index: number) {
  return fixture.database.transaction(scope, async (tx) => {
    const snapshot = await tx
      .selectFrom('context_snapshots')
      .innerJoin('context_repositories', 'context_repositories.id', 'context_snapshots.repository_id')
      .select('context_snapshots.files')
      .where('location', '=', source.location)
      .where('commit', '=', `c${index}`)
      .executeTakeFirstOrThrow()
    return tx
      .selectFrom('context_files')
      .innerJoin('context_repositories', 'context_repositories.id', 'context_files.repository_id')
      .innerJoin('context_outlines', (join) =>
        join
          .onRef('context_outlines.repository_id', '=', 'context_files.repository_id')
          .onRef('context_outlines.file_number', '=', 'context_files.number'),
      )
      .select(['path', 'blob', 'kind', 'language', 'outcome', 'lines', 'length', 'outline'])
      .where('location', '=', source.location)
      .where('number', 'in', [0, ...snapshot.files])
      .orderBy('path')
      .execute()
  })
}
