import {
  assembleContext,
  CodeSearch,
  featureNames,
  indexCommit,
  parseQuery,
  type RepositorySource,
} from '../../src/control/context/index.ts'
import type { Database } from '../../src/store/index.ts'
import type { TenantScope } from '../../src/testing/index.ts'
import { changedLines, type FixCase, withoutFileNames } from './cases.ts'
import { dot, type RankedCase } from './learning.ts'
import { mean, recallAt } from './measures.ts'

const tokens = 16_000
const hiddenDays = 7

/** What a question finds of the files that a fix changed. */
export interface Finding extends RankedCase {
  readonly truth: readonly string[]
  readonly paths: readonly string[]
  /** Paths by whole-file BM25F alone, the baseline. */
  readonly byWords: readonly string[]
  /** Part of the changed hunks of which the assembled context shows every line, and any line. */
  readonly whole: number
  readonly touched: number
  readonly searchMs: number
}

/** A case with everything that is measured on it. */
export interface Outcome {
  readonly message: Finding
  /** Where the issue is known. */
  readonly issue: Finding | undefined
}

/** Indexes what a fix was made for and asks by the fix's message, and by the issue where there is one. */
export async function measure(
  database: Database,
  scope: TenantScope,
  mirror: RepositorySource,
  one: FixCase,
): Promise<Outcome> {
  const source = withoutFuture(mirror, one)
  const revision = { commit: one.parent, tree: one.parentTree }
  await indexCommit(database, scope, { source, revision })
  const hunks = await changedLines(mirror.location, one)
  const search = new CodeSearch(database)
  const ask = async (title: string, body: string): Promise<Finding> => {
    const query = parseQuery(title, body)
    const reader = { paths: [''] }
    const request = { location: source.location, commit: one.parent, query, reader }
    const begun = performance.now()
    const ranked = await search.search(scope, request)
    const searchMs = performance.now() - begun
    const { pieces } = await assembleContext(search, scope, { source, revision, query, reader, tokens })
    const shows = (path: string, line: number): boolean =>
      pieces.some((piece) => piece.path === path && piece.startLine <= line && piece.endLine >= line)
    const shownOf = hunks.map(({ path, first, last }) => {
      const lines = Array.from({ length: last - first + 1 }, (_, index) => first + index)
      return lines.filter((line) => shows(path, line)).length / lines.length
    })
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
      whole: hunks.length === 0 ? 1 : shownOf.filter((part) => part === 1).length / hunks.length,
      touched: hunks.length === 0 ? 1 : shownOf.filter((part) => part > 0).length / hunks.length,
      searchMs,
    }
  }
  return {
    message: await ask(withoutFileNames(one.subject), withoutFileNames(one.body)),
    issue: one.issue && (await ask(one.issue.title, one.issue.body)),
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

export type Order = (finding: Finding) => readonly string[]

export const shippedOrder: Order = ({ paths }) => paths
export const wordOrder: Order = ({ byWords }) => byWords

export function orderedBy(weights: readonly number[]): Order {
  return ({ paths, candidates }) =>
    paths
      .map((path, index) => ({ path, score: dot(weights, candidates[index]?.features ?? []) }))
      .toSorted((one, other) => other.score - one.score)
      .map(({ path }) => path)
}

export function recalls(findings: readonly Finding[], k: number, order: Order): readonly number[] {
  return findings.map((finding) => recallAt(k, order(finding), finding.truth))
}

export function describeFindings(findings: readonly Finding[], order: Order = shippedOrder): string {
  const at = [1, 5, 10, 50].map((k) => `${k}: ${mean(recalls(findings, k, order)).toFixed(3)}`)
  return `recall@ ${at.join('  ')}  hunks: ${mean(findings.map(({ whole }) => whole)).toFixed(3)}`
}
