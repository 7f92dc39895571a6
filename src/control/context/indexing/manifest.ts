import type { RepositorySource, SourceFile } from '../ports.ts'

/** A commit that is indexed already, from which another one differs in a few files. */
export interface BaseSnapshot {
  readonly tree: string
  /** Numbers of its files. */
  readonly files: readonly number[]
}

/** What a commit consists of, as it differs from a base. */
export interface Manifest {
  /** Undefined when the commit is looked at from scratch. */
  readonly base: BaseSnapshot | undefined
  /** Paths of files of the base that the commit has not, or has otherwise. */
  readonly gone: readonly string[]
  /** Entries of the commit that the base has not. */
  readonly listed: readonly SourceFile[]
  /** How many entries more than the base has are left out, because their paths are too long. */
  readonly longPaths: number
}

/** Bytes. An index entry of PostgreSQL holds some more; people stay far below. */
const longestPath = 2_000

/** Finds out what has to be looked at: what changed since the base, or everything. */
export async function readManifest(
  source: RepositorySource,
  tree: string,
  base: BaseSnapshot | undefined,
): Promise<Manifest> {
  const changes = base === undefined ? undefined : await source.treeChanges?.(base.tree, tree)
  // Several paths that are not UTF-8 may read alike; which of them is kept shows only when all are seen.
  if (
    changes !== undefined &&
    !changes.gone.some(isUnclear) &&
    !changes.added.some(({ path }) => isUnclear(path))
  ) {
    const { kept, longPaths } = withoutLongPaths(changes.added)
    return {
      base,
      gone: changes.gone,
      listed: kept,
      longPaths: longPaths - changes.gone.filter(isTooLong).length,
    }
  }
  const { kept, longPaths } = withoutLongPaths(await source.listFiles(tree))
  return { base: undefined, gone: [], listed: kept, longPaths }
}

function isUnclear(path: string): boolean {
  return path.includes('\ufffd')
}

function isTooLong(path: string): boolean {
  return Buffer.byteLength(path) > longestPath
}

/** Of paths that cannot be told apart one is kept. */
function withoutLongPaths(entries: readonly SourceFile[]): {
  readonly kept: readonly SourceFile[]
  readonly longPaths: number
} {
  const short = entries.filter(({ path }) => !isTooLong(path))
  const byPath = new Map(short.map((entry) => [entry.path, entry] as const))
  return { kept: [...byPath.values()], longPaths: entries.length - short.length }
}
