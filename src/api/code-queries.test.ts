import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contextMigrations, IndexUpkeep } from '../control/context/index.ts'
import { silentLogger } from '../kernel/index.ts'
import { RepositoryHost } from '../execution/repository/index.ts'
import { createTestDatabase, type TestDatabase } from '../testing/index.ts'
import { type CodeQueries, createCodeQueries } from './code-queries.ts'

let fixture: TestDatabase
let folder: string
let host: RepositoryHost
let code: CodeQueries
let upkeep: IndexUpkeep

beforeAll(async () => {
  fixture = await createTestDatabase({ migrations: contextMigrations })
  folder = mkdtempSync(join(tmpdir(), 'atelier-code-queries-'))
  host = new RepositoryHost({
    stateDirectory: join(folder, 'state'),
    workingDirectory: folder,
    environment: { PATH: process.env['PATH'] },
  })
  const scope = await fixture.createTenant()
  upkeep = new IndexUpkeep({ database: fixture.database, logger: silentLogger })
  code = createCodeQueries({
    database: fixture.database,
    upkeep,
    background: false,
    authorise: (name) => (name === 'owner' ? Promise.resolve(scope) : Promise.reject(new Error('unknown'))),
    openSource: async (place) => {
      const { repository, base, notes } = await host.import({ tenantId: scope.tenantId, ...place })
      return { source: repository, revision: base, notes }
    },
  })
})
afterAll(async () => {
  await upkeep.close()
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
    const follower = new IndexUpkeep({ database: fixture.database, logger: silentLogger })
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
      upkeep: follower,
      background: true,
      authorise: () => Promise.resolve(scope),
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
