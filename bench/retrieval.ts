import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import {
  assembleContext,
  CodeSearch,
  contextMigrations,
  featureNames,
  indexCommit,
  parseQuery,
  type RepositorySource,
} from '../src/control/context/index.ts'
import { RepositoryHost } from '../src/execution/repository/index.ts'
import { AtelierError } from '../src/kernel/index.ts'
import type { Database } from '../src/store/index.ts'
import { createTestDatabase, type TenantScope } from '../src/testing/index.ts'
import { changedLines, findMirrors, type FixCase, mineCases, withoutFileNames } from './retrieval/cases.ts'
import { dot, learnWeights, priorWeights, type RankedCase } from './retrieval/learning.ts'
import { bootstrapInterval, mean, recallAt, round } from './retrieval/measures.ts'
import type { BenchmarkResult } from './run.ts'

const goal = { 'recall@1': 0.5, 'recall@5': 0.8, 'recall@10': 0.87, 'hunks in 16,000 tokens': 0.75 }
const tokens = 16_000
const hiddenDays = 7

/** A case with everything that is measured on it. */
interface Outcome extends RankedCase {
  readonly truth: readonly string[]
  readonly paths: readonly string[]
  /** Paths by whole-file BM25F alone, the baseline. */
  readonly byWords: readonly string[]
  /** Part of the changed lines that the assembled context shows. */
  readonly coverage: number
  readonly searchMs: number
}

/**
 * How well the message of a fix finds the files that it changes, before the fix: recall over the repositories below
 * `--mirrors`, with weights learnt on the others, and how many of the changed hunks fit into 16,000 tokens of context.
 */
export default async function retrievalBench(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: {
      mirrors: { type: 'string' },
      /** Fix commits of each repository at most. */
      cases: { type: 'string', default: '240' },
      /** Parts of repository names, separated by commas. */
      only: { type: 'string', default: '' },
      /** Print the cases whose files are not all among the first ten. */
      misses: { type: 'boolean', default: false },
    },
  })
  const folder = await mkdtemp(join(tmpdir(), 'atelier-bench-retrieval-'))
  await using test = await createTestDatabase({ migrations: contextMigrations })
  const scope = await test.createTenant()
  const results = new Map<string, readonly Outcome[]>()
  const host = new RepositoryHost({
    stateDirectory: folder,
    workingDirectory: process.cwd(),
    environment: process.env,
  })
  try {
    for (const [name, mirror] of findMirrors(values.mirrors)) {
      if (!values.only.split(',').some((part) => name.includes(part))) continue
      const cases = await mineCases(resolve(mirror), Number(values.cases))
      const repository = await importWhole(host, scope, resolve(mirror))
      if (repository === undefined) {
        console.log(`${name.padEnd(28)} skipped: its objects are not all there`)
        continue
      }
      const outcomes: Outcome[] = []
      for (const one of cases)
        outcomes.push(
          await measure(test.database, scope, withoutFuture(repository, one), resolve(mirror), one),
        )
      results.set(name, outcomes)
      if (values.misses) printMisses(cases, outcomes)
      console.log(
        `${name.padEnd(28)} ${String(outcomes.length).padStart(4)} cases, as shipped: ${describe(outcomes)}`,
      )
    }
  } finally {
    host.close()
    await rm(folder, { recursive: true, force: true })
  }
  return report(results)
}

/** A mirror may lack objects; git refuses to import it then. */
async function importWhole(
  host: RepositoryHost,
  { tenantId }: TenantScope,
  location: string,
): Promise<RepositorySource | undefined> {
  try {
    return (await host.import({ tenantId, location })).repository
  } catch (error) {
    if (error instanceof AtelierError) return undefined
    throw error
  }
}

/** Hides what an engineer could not have known when the issue was written, and what merely repeats it. */
function withoutFuture(repository: RepositorySource, one: FixCase): RepositorySource {
  const until = one.committedAt.getTime() - hiddenDays * 86_400_000
  return {
    location: repository.location,
    listFiles: (tree) => repository.listFiles(tree),
    readFiles: (tree, paths) => repository.readFiles(tree, paths),
    history: async (commit, limit) =>
      (await repository.history(commit, limit)).filter(
        ({ committedAt, message }) =>
          Date.parse(committedAt) < until && message.split('\n', 1)[0] !== one.subject,
      ),
  }
}

async function measure(
  database: Database,
  scope: TenantScope,
  source: RepositorySource,
  mirror: string,
  one: FixCase,
): Promise<Outcome> {
  const revision = { commit: one.parent, tree: one.parentTree }
  await indexCommit(database, scope, { source, revision })
  const search = new CodeSearch(database)
  const query = parseQuery(withoutFileNames(one.subject), withoutFileNames(one.body))
  const reader = { paths: [''] }
  const request = { location: source.location, commit: one.parent, query, reader }
  const begun = performance.now()
  const ranked = await search.search(scope, request)
  const searchMs = performance.now() - begun
  const context = await assembleContext(search, scope, { source, revision, query, reader, tokens })
  const hunks = await changedLines(mirror, one)
  const shown = hunks.filter(({ path, first, last }) =>
    context.pieces.some((piece) => piece.path === path && piece.startLine <= last && piece.endLine >= first),
  )
  return {
    truth: one.files,
    paths: ranked.map(({ path }) => path),
    byWords: ranked
      .toSorted((a, b) => b.evidence.candidate.score - a.evidence.candidate.score)
      .map(({ path }) => path),
    candidates: ranked.map(({ path, features }) => ({
      features: featureNames.map((feature) => features[feature]),
      isTrue: one.files.includes(path),
    })),
    coverage: hunks.length === 0 ? 1 : shown.length / hunks.length,
    searchMs,
  }
}

function printMisses(cases: readonly FixCase[], outcomes: readonly Outcome[]): void {
  for (const [index, { truth, paths }] of outcomes.entries()) {
    const missed = truth.filter((path) => !paths.slice(0, 10).includes(path))
    if (missed.length === 0) continue
    const places = missed.map((path) => `${path} (${paths.indexOf(path) + 1 || 'not found'})`)
    console.log(
      `  ${cases[index]?.fix.slice(0, 10) ?? ''} ${cases[index]?.subject ?? ''}: ${places.join(', ')}`,
    )
  }
}

type Order = (outcome: Outcome) => readonly string[]

const shipped: Order = ({ paths }) => paths
const words: Order = ({ byWords }) => byWords

function orderedBy(weights: readonly number[]): Order {
  return ({ paths, candidates }) =>
    paths
      .map((path, index) => ({ path, score: dot(weights, candidates[index]?.features ?? []) }))
      .toSorted((one, other) => other.score - one.score)
      .map(({ path }) => path)
}

function recalls(outcomes: readonly Outcome[], k: number, order: Order): readonly number[] {
  return outcomes.map((outcome) => recallAt(k, order(outcome), outcome.truth))
}

function describe(outcomes: readonly Outcome[], order: Order = shipped): string {
  const at = [1, 5, 10, 50].map((k) => `${k}: ${mean(recalls(outcomes, k, order)).toFixed(3)}`)
  return `recall@ ${at.join('  ')}  hunks: ${mean(outcomes.map(({ coverage }) => coverage)).toFixed(3)}`
}

function report(results: ReadonlyMap<string, readonly Outcome[]>): BenchmarkResult {
  const start = featureNames.map((feature) => priorWeights[feature] ?? 0)
  const groups = [...results].filter(([, outcomes]) => outcomes.length > 0)
  const held = groups.map(([name, outcomes]) => {
    const others = groups.filter(([other]) => other !== name).flatMap(([, cases]) => cases)
    const order = others.length === 0 ? shipped : orderedBy(learnWeights(others, start))
    console.log(`${name.padEnd(28)} learnt on the others: ${describe(outcomes, order)}`)
    return { name, outcomes, order }
  })
  const over = (measure: (group: (typeof held)[number]) => readonly number[]) => {
    const values = held.map(measure)
    return { mean: round(mean(values.map(mean))), interval: bootstrapInterval(values) }
  }
  const figures = {
    repositories: held.length,
    cases: held.reduce((sum, { outcomes }) => sum + outcomes.length, 0),
    'recall@1': over(({ outcomes, order }) => recalls(outcomes, 1, order)),
    'recall@5': over(({ outcomes, order }) => recalls(outcomes, 5, order)),
    'recall@10': over(({ outcomes, order }) => recalls(outcomes, 10, order)),
    'recall@50': over(({ outcomes, order }) => recalls(outcomes, 50, order)),
    'recall@10 by words alone': over(({ outcomes }) => recalls(outcomes, 10, words)),
    'recall@10 as shipped': over(({ outcomes }) => recalls(outcomes, 10, shipped)),
    'hunks in 16,000 tokens': over(({ outcomes }) => outcomes.map(({ coverage }) => coverage)),
    'search, ms': round(mean(held.flatMap(({ outcomes }) => outcomes.map(({ searchMs }) => searchMs)))),
  }
  const all = learnWeights(
    groups.flatMap(([, outcomes]) => outcomes),
    start,
  )
  console.log(
    `learnt on all: ${JSON.stringify(Object.fromEntries(featureNames.map((name, index) => [name, round(all[index] ?? 0)])))}`,
  )
  const ok = Object.entries(goal).every(([name, least]) => {
    const figure = figures[name as keyof typeof goal]
    return figure.mean >= least
  })
  return {
    figures,
    ratio: round(figures['recall@10'].mean / figures['recall@10 by words alone'].mean),
    goal,
    ok,
  }
}
