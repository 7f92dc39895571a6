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
} from '../src/control/context/index.ts'
import { RepositoryHost } from '../src/execution/repository/index.ts'
import { createTestDatabase, type TenantScope } from '../src/testing/index.ts'
import type { Database } from '../src/store/index.ts'
import { findMirrors, mineCases } from './retrieval/cases.ts'
import type { BenchmarkResult } from './run.ts'

const goal = {
  'full index against a bare parse, at most': 2.5,
  'push of 20 files p95, ms, at most': 500,
  'search p95, ms, at most': 15,
  'MB per million lines, at most': 100,
}
const pushes = 20
const pushedFiles = 20

/**
 * What the index of one repository costs: making it, against reading and parsing the same files with tree-sitter and
 * nothing else; pushing twenty files; searching with a reader who may not read everything; and its size.
 */
export default async function indexingBench(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: { mirrors: { type: 'string' }, only: { type: 'string', default: '' } },
  })
  const [mirror] = [...findMirrors(values.mirrors)].filter(([name]) => name.includes(values.only))
  if (mirror === undefined) throw new Error(`no mirror is called ${values.only}`)
  const location = resolve(mirror[1])
  const folder = await mkdtemp(join(tmpdir(), 'atelier-bench-indexing-'))
  await using test = await createTestDatabase({ migrations: contextMigrations })
  const scope = await test.createTenant()
  const host = new RepositoryHost({
    stateDirectory: folder,
    workingDirectory: process.cwd(),
    environment: process.env,
  })
  try {
    const { repository, base } = await host.import({ tenantId: scope.tenantId, location })
    // Grammars and the process that reads objects are started once, whichever comes first.
    await parseBare(repository, base)
    const before = await timed(() => parseBare(repository, base))
    const { result: report, ms: indexMs } = await measured(() =>
      indexCommit(test.database, scope, { source: repository, revision: base }),
    )
    // The machine may be busier at one time than at another.
    const bareMs = (before + (await timed(() => parseBare(repository, base)))) / 2
    const pushMs = await timePushes(test.database, scope, repository, base)
    const queries = (await mineCases(location, 100)).map(({ subject, body }) => parseQuery(subject, body))
    const search = new CodeSearch(test.database)
    const [folderOfCode = ''] = (await repository.listFiles(base.tree)).map(
      ({ path }) => path.split('/')[0] ?? '',
    )
    const searchMs: number[] = []
    for (const query of [...queries, ...queries])
      searchMs.push(
        await timed(() =>
          search.search(scope, {
            location: repository.location,
            commit: base.commit,
            query,
            reader: { paths: ['src', 'lib', 'packages', folderOfCode] },
          }),
        ),
      )
    const megabytes = (await sizeOf(test.database)) / 1e6
    const figures = {
      repository: mirror[0],
      files: report.files,
      lines: report.lines,
      'bare parse, s': round(bareMs / 1000),
      'full index, s': round(indexMs / 1000),
      'push of 20 files p50, ms': round(percentile(pushMs, 0.5)),
      'push of 20 files p95, ms': round(percentile(pushMs, 0.95)),
      'search p50, ms': round(percentile(searchMs.slice(queries.length), 0.5)),
      'search p95, ms': round(percentile(searchMs.slice(queries.length), 0.95)),
      'MB per million lines': round((megabytes / report.lines) * 1e6),
    }
    const ratio = round(indexMs / bareMs)
    return {
      figures,
      ratio,
      goal,
      ok:
        ratio <= goal['full index against a bare parse, at most'] &&
        figures['push of 20 files p95, ms'] <= goal['push of 20 files p95, ms, at most'] &&
        figures['search p95, ms'] <= goal['search p95, ms, at most'] &&
        figures['MB per million lines'] <= goal['MB per million lines, at most'],
    }
  } finally {
    host.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Milliseconds for each of some commits that change twenty files. */
async function timePushes(
  database: Database,
  scope: TenantScope,
  repository: RepositorySource,
  base: { readonly commit: string; readonly tree: string },
): Promise<readonly number[]> {
  const files = (await repository.listFiles(base.tree)).filter(
    ({ kind, size }) => kind === 'file' && size < 50_000,
  )
  const past = await repository.history(base.commit, 2_000)
  const times: number[] = []
  for (let push = 0; push < pushes; push += 1) {
    const changed = new Set(
      Array.from({ length: pushedFiles }, (_, n) => files[(push * 37 + n * 11) % files.length]?.path ?? ''),
    )
    const source: RepositorySource = {
      location: repository.location,
      listFiles: async (tree) =>
        (await repository.listFiles(tree)).map((file) =>
          changed.has(file.path) ? { ...file, objectId: `${push}`.padStart(40, 'f') } : file,
        ),
      readFiles: (tree, paths) => repository.readFiles(tree, paths),
      history: () => Promise.resolve(past),
    }
    const commit = `${push}`.padStart(40, 'e')
    times.push(
      await timed(() => indexCommit(database, scope, { source, revision: { commit, tree: base.tree } })),
    )
  }
  return times
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
