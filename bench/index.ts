import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import {
  CodeSearch,
  contextMigrations,
  indexCommit,
  parseBare,
  parseQuery,
  type RepositorySource,
  type Revision,
} from '../src/control/context/index.ts'
import { type Repository, RepositoryHost } from '../src/execution/repository/index.ts'
import type { Database } from '../src/store/index.ts'
import { createTestDatabase, type TenantScope } from '../src/testing/index.ts'
import { addPushes, copyOfMirror, filesOfPush, packagesAsRepository, type Subject } from './index/subject.ts'
import { findMirrors, mineCases } from './retrieval/cases.ts'
import type { BenchmarkResult } from './run.ts'

const goal = {
  'full index against a bare parse, at most': 2.5,
  'push of 20 files p95, ms, at most': 500,
  'search p95, ms, at most': 15,
  'MB per million lines, at most': 100,
}
const pushCount = 20
const coldQueries = 10

interface Indexed {
  readonly database: Database
  readonly scope: TenantScope
  readonly repository: Repository
  readonly base: Revision
}

/**
 * What the index of one repository costs: making it, against reading and parsing the same files with tree-sitter and
 * nothing else; pushing twenty files; searching with a reader who may not read everything; and its size. The repository
 * is one below `--mirrors`, or else a million lines of the installed packages.
 */
export default async function indexBench(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: {
      mirrors: { type: 'string' },
      only: { type: 'string', default: '' },
      lines: { type: 'string', default: '1000000' },
    },
  })
  const folder = await mkdtemp(join(tmpdir(), 'atelier-bench-index-'))
  await using test = await createTestDatabase({ migrations: contextMigrations })
  const scope = await test.createTenant()
  const host = new RepositoryHost({
    stateDirectory: join(folder, 'state'),
    workingDirectory: folder,
    environment: process.env,
  })
  try {
    const subject = prepareSubject(join(folder, 'subject'), values)
    const location = subject.directory
    const { repository } = await host.import({ tenantId: scope.tenantId, location })
    const base = await repository.resolve(subject.base)
    const indexed = { database: test.database, scope, repository, base }
    const full = await measureFull(indexed)
    console.log(describe(full))
    const pushMs = await measurePushes(indexed, subject)
    console.log(describe({ 'pushes, ms': pushMs.map(round) }))
    const searches = await measureSearches(indexed, subject)
    const megabytes = (await sizeOf(test.database)) / 1e6
    const figures = {
      repository: subject.name,
      ...full,
      'push of 20 files p50, ms': round(percentile(pushMs, 0.5)),
      'push of 20 files p95, ms': round(percentile(pushMs, 0.95)),
      ...searches,
      'MB per million lines': round((megabytes / full.lines) * 1e6),
    }
    return {
      figures,
      ratio: figures['full index against a bare parse'],
      goal,
      ok:
        figures['full index against a bare parse'] <= goal['full index against a bare parse, at most'] &&
        figures['push of 20 files p95, ms'] <= goal['push of 20 files p95, ms, at most'] &&
        figures['search p95, ms'] <= goal['search p95, ms, at most'] &&
        figures['MB per million lines'] <= goal['MB per million lines, at most'],
    }
  } finally {
    host.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function prepareSubject(
  directory: string,
  {
    mirrors,
    only,
    lines,
  }: { readonly mirrors?: string | undefined; readonly only: string; readonly lines: string },
): Subject {
  if (mirrors === undefined) return addPushes(packagesAsRepository(directory, Number(lines)), pushCount)
  const [mirror] = [...findMirrors(resolve(mirrors))].filter(([name]) => name.includes(only))
  if (mirror === undefined) throw new Error(`no mirror is called ${only}`)
  return addPushes(copyOfMirror(mirror[0], mirror[1], directory), pushCount)
}

async function measureFull({ database, scope, repository, base }: Indexed) {
  // Grammars and the process that reads objects are started once, whichever comes first.
  await parseBare(repository, base)
  const before = await timed(() => parseBare(repository, base))
  const beforeIndex = process.cpuUsage()
  const { result: report, ms } = await measured(() =>
    indexCommit(database, scope, { source: repository, revision: base }),
  )
  const ofIndex = process.cpuUsage(beforeIndex)
  const beforeBare = process.cpuUsage()
  // The machine may be busier at one time than at another.
  const bareMs = (before + (await timed(() => parseBare(repository, base)))) / 2
  const ofBare = process.cpuUsage(beforeBare)
  return {
    files: report.files,
    lines: report.lines,
    'bare parse, s': round(bareMs / 1000),
    'full index, s': round(ms / 1000),
    'full index against a bare parse': round(ms / bareMs),
    'the same in processor time of this process': round(
      (ofIndex.user + ofIndex.system) / (ofBare.user + ofBare.system),
    ),
  }
}

/** Milliseconds for each of the pushes, from the new commit's id until it can be searched. */
async function measurePushes(
  { database, scope, repository }: Indexed,
  subject: Subject,
): Promise<readonly number[]> {
  const times: number[] = []
  for (const push of subject.pushes) {
    const revision = await repository.resolve(push)
    const { result, ms } = await measured(() =>
      indexCommit(database, scope, { source: repository, revision }),
    )
    if (result.read > filesOfPush)
      throw new Error(`${result.read} files were read for a push of ${filesOfPush}`)
    times.push(ms)
  }
  return times
}

/**
 * Milliseconds of searches by a reader who may read about half of the folders: for the first search of a process, for
 * words that were not looked for before, and for those that were.
 */
async function measureSearches({ database, scope, repository, base }: Indexed, { directory }: Subject) {
  const queries = (await mineCases(directory, 100)).map(({ subject, body }) => parseQuery(subject, body))
  const reader = { paths: await someFolders(repository, base) }
  const request = { location: repository.location, commit: base.commit, reader }
  const cold: number[] = []
  for (const query of queries.slice(0, coldQueries))
    cold.push(await timed(() => new CodeSearch(database).search(scope, { ...request, query })))
  const search = new CodeSearch(database)
  const run = async (): Promise<readonly number[]> => {
    const times: number[] = []
    for (const query of queries) times.push(await timed(() => search.search(scope, { ...request, query })))
    return times
  }
  const first = await run()
  const begun = process.cpuUsage()
  const again = await run()
  const { user, system } = process.cpuUsage(begun)
  const resident = Object.values(search.residentBytes).reduce((sum, bytes) => sum + bytes, 0)
  return {
    queries: queries.length,
    'search p50, ms': round(percentile(again, 0.5)),
    'search p95, ms': round(percentile(again, 0.95)),
    'search, ms of processor time of this process': round((user + system) / 1000 / queries.length),
    'search for new words p50, ms': round(percentile(first, 0.5)),
    'search for new words p95, ms': round(percentile(first, 0.95)),
    'first search of a process p50, ms': round(percentile(cold, 0.5)),
    'MB held in memory for searches': round(resident / 1e6),
  }
}

/** Every second folder, so that neither a few nor nearly all files can be read. */
async function someFolders(repository: RepositorySource, { tree }: Revision): Promise<readonly string[]> {
  const folders = (await repository.listFiles(tree)).map(({ path }) => path.split('/').slice(0, 2).join('/'))
  return [...new Set(folders)].filter((_, index) => index % 2 === 0)
}

async function sizeOf(database: Database): Promise<number> {
  const { rows } = await database.owner.pool.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(oid)) as bytes from pg_class where relname like 'context\\_%' and relkind = 'r'`,
  )
  return Number(rows[0]?.bytes)
}

async function measured<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const begun = performance.now()
  const result = await work()
  return { result, ms: performance.now() - begun }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  return (await measured(work)).ms
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}

function describe(figures: object): string {
  return Object.entries(figures)
    .map(([name, figure]) => `${name}: ${String(figure)}`)
    .join('  ')
}
