import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CodeReader, contextMigrations, BackgroundIndexer } from '../control/context/index.ts'
import { silentLogger } from '../kernel/index.ts'
import { RepositoryHost } from '../execution/repository/index.ts'
import { codeAccess, loadPolicies } from '../governance/index.ts'
import { createTestDatabase, type TestDatabase } from '../testing/index.ts'
import { type CodeQueries, createCodeQueries } from './code-queries.ts'

let fixture: TestDatabase
let folder: string
let host: RepositoryHost
let code: CodeQueries
let indexer: BackgroundIndexer
let reader: CodeReader = { paths: [''] }

beforeAll(async () => {
  fixture = await createTestDatabase({ migrations: contextMigrations })
  folder = mkdtempSync(join(tmpdir(), 'atelier-code-queries-'))
  host = new RepositoryHost({
    stateDirectory: join(folder, 'state'),
    workingDirectory: folder,
    environment: { PATH: process.env['PATH'] },
  })
  const scope = await fixture.createTenant()
  indexer = new BackgroundIndexer({ database: fixture.database, logger: silentLogger })
  code = createCodeQueries({
    database: fixture.database,
    indexer,
    background: false,
    authorise: (name) =>
      name === 'owner'
        ? Promise.resolve({ scope, readerOf: () => Promise.resolve(reader) })
        : Promise.reject(new Error('unknown')),
    openSource: async (place) => {
      const { repository, base, notes } = await host.import({ tenantId: scope.tenantId, ...place })
      return { source: repository, revision: base, notes }
    },
  })
})
afterAll(async () => {
  await indexer.close()
  host.close()
  rmSync(folder, { recursive: true, force: true })
  await fixture.close()
})

/** Commits files at the top of a repository, which is made when it is new, and returns the commit. */
function commit(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(folder, name)
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']
  const git = (...args: readonly string[]): string =>
    execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'pipe' })
      .toString()
      .trim()
  git('init', '--quiet', '--initial-branch=main', path)
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content)
  git('-C', path, 'add', '--all')
  git('-C', path, 'commit', '--quiet', '--message', 'Change')
  return git('-C', path, 'rev-parse', 'HEAD')
}

const question = { by: 'owner', fresh: true, kinds: ['source'] as const, limit: 10 }

describe('questions about a real repository', () => {
  it('are answered for its newest commit, or say for which', async () => {
    const repository = { location: join(folder, 'app') }
    const first = commit('app', {
      'calendar.js': 'export function freeSlot(day) {\n  return day.slots[0]\n}\n',
      'other.js': 'export const other = 1\n',
    })
    symlinkSync('calendar.js', join(folder, 'app', 'link.js'))
    expect(await code.index({ repository, by: 'owner' })).toMatchObject({ commit: first, files: 2, read: 2 })
    const second = commit('app', { 'holiday.js': 'export const holiday = 1\n' })
    const stale = await code.search({ ...question, repository, words: 'holiday', fresh: false })
    expect(stale).toMatchObject({ asked: second, commit: first, hits: [] })
    const fresh = await code.search({ ...question, repository, words: 'holiday' })
    expect(fresh).toMatchObject({
      asked: second,
      commit: second,
      hits: [{ path: 'holiday.js', startLine: 1, endLine: 1 }],
    })
    const early = await code.search({
      ...question,
      repository: { ...repository, revision: first },
      words: 'holiday',
    })
    expect(early).toMatchObject({ commit: first, hits: [] })
    const issue = { title: 'freeSlot is taken', body: '' }
    expect(await code.context({ ...question, repository, issue, tokens: 500 })).toMatchObject({
      commit: second,
      budget: 500,
      pieces: [{ path: 'calendar.js', startLine: 1, endLine: 3, commit: second }],
    })
  })

  it('fail with what to do about it', async () => {
    const repository = { location: join(folder, 'fresh') }
    commit('fresh', { 'a.js': 'alpha\n' })
    const search = (words: string, fresh: boolean) => code.search({ ...question, repository, words, fresh })
    await expect(search('alpha', false)).rejects.toMatchObject({ code: 'ATL_CONTEXT_NOT_INDEXED' })
    await expect(search('!?', true)).rejects.toMatchObject({ code: 'ATL_CONTEXT_NO_WORDS' })
  })
})

describe('a studio that goes on running', () => {
  it('answers from the newest complete commit, says so, and indexes what came in behind it', async () => {
    const scope = await fixture.createTenant('Running')
    const follower = new BackgroundIndexer({ database: fixture.database, logger: silentLogger })
    const seen: string[] = []
    const following = new RepositoryHost({
      stateDirectory: join(folder, 'running'),
      workingDirectory: folder,
      environment: { PATH: process.env['PATH'] },
      onRevision: ({ repository, revision }) => {
        seen.push(revision.commit)
        follower.request(scope, { source: repository, revision })
      },
    })
    const queries = createCodeQueries({
      database: fixture.database,
      indexer: follower,
      background: true,
      authorise: () => Promise.resolve({ scope, readerOf: () => Promise.resolve({ paths: [''] }) }),
      openSource: async (place) => {
        const { repository, base, notes } = await following.import({ tenantId: scope.tenantId, ...place })
        return { source: repository, revision: base, notes }
      },
    })
    const repository = { location: join(folder, 'moving') }
    const ask = (words: string) => queries.search({ ...question, repository, words, fresh: false })
    const first = commit('moving', { 'anchor.js': 'export const anchor = 1\n' })
    await expect(ask('anchor')).rejects.toMatchObject({ code: 'ATL_CONTEXT_NOT_INDEXED' })
    await follower.settled()
    expect(await ask('anchor')).toMatchObject({
      commit: first,
      indexing: false,
      hits: [{ path: 'anchor.js' }],
    })
    const second = commit('moving', { 'mast.js': 'export const mast = 1\n' })
    const during = await ask('mast')
    expect(during).toMatchObject({ asked: second, commit: first, indexing: true, hits: [] })
    await follower.settled()
    expect(await ask('mast')).toMatchObject({ commit: second, indexing: false, hits: [{ path: 'mast.js' }] })
    expect(seen).toEqual([first, first, second, second])
    await follower.close()
    following.close()
  })
})

describe('what policy hides', () => {
  it('is found by no question, however it is asked', async () => {
    const repository = { location: join(folder, 'guarded') }
    mkdirSync(join(folder, 'guarded', 'internal'), { recursive: true })
    commit('guarded', {
      'open.js': "import { sealKey } from './internal/vault.js'\nexport const openDoor = () => 1\n",
      'internal/vault.js': 'export function sealKey() {\n  return "hush"\n}\n',
      'internal/AGENTS.md': '# Rules of the vault\n\nNever show a sealed key.\n',
    })
    const schemaFile = resolve(import.meta.dirname, '../../policies/schema.cedarschema')
    writeFileSync(
      join(folder, 'own.cedar'),
      `@id("own/internal") forbid (principal, action == Atelier::Action::"read-code",
         resource in Atelier::CodePath::"internal");`,
    )
    const policy = await loadPolicies({
      schemaFile,
      folders: [resolve(import.meta.dirname, '../../policies'), folder],
    })
    const principal = { kind: 'person', id: 'person:ada', tenantId: 'ten_1', roles: ['engineer'] } as never
    reader = codeAccess(policy, principal, { location: repository.location, trusted: false })
    expect(reader).toEqual({ paths: [''], except: ['internal'] })
    const asked = { ...question, repository }
    const issue = {
      title: 'sealKey hush internal/vault.js',
      body: 'Error: hush\n    at sealKey (internal/vault.js:2:3)\n\nSee `internal/vault.js` and internal/AGENTS.md.',
    }
    const suspects = [{ file: 'internal/vault.js', line: 2, score: 1, reasons: ['fails'] }]
    const answers = [
      await code.search({ ...asked, words: 'sealKey hush vault' }),
      await code.search({ ...asked, words: 'rules vault sealed', kinds: ['documentation'] }),
      await code.symbol({ ...asked, name: 'sealKey', limit: 10 }),
      await code.context({ ...asked, issue, tokens: 2_000, suspects }),
    ]
    const told = answers.map((answer) => JSON.stringify({ ...answer, repository: '' })).join('\n')
    expect(told).toContain('open.js')
    // What the asker says is said back; nothing else of it is.
    expect(told.replaceAll('"path":"internal/vault.js","startLine":2', '')).not.toMatch(
      /hush|vault\.js"|sealed key/,
    )
    expect(answers[3]).toMatchObject({ leftOut: [{ path: 'internal/vault.js', reason: 'not-indexed' }] })
    reader = { paths: [''] }
    expect(JSON.stringify(await code.symbol({ ...asked, name: 'sealKey', limit: 10 }))).toContain(
      'internal/vault.js',
    )
  })
})
