import { digestOf } from '../../kernel/index.ts'
import type { PastCommit, RepositorySource } from './index.ts'
import type { SourceFile, TreeChanges } from './ports.ts'

/** Contents by path; what is no ordinary file says what it is. */
export type Files = Readonly<Record<string, string | ScratchEntry>>

interface ScratchEntry {
  readonly kind: SourceFile['kind']
  readonly content: string
}

/** A repository in memory, for tests: commits are named by the test, trees by their commits. */
export class ScratchSource implements RepositorySource {
  readonly location: string
  /** Paths whose content was read. */
  readonly reads: string[] = []
  readonly #commits = new Map<string, { readonly files: Files; readonly past: readonly PastCommit[] }>()

  constructor(location: string) {
    this.location = location
  }

  commit(commit: string, files: Files, message = 'Change', parent?: string) {
    const before = parent === undefined ? undefined : this.#commits.get(parent)
    const paths = Object.keys(files).filter((path) => before?.files[path] !== files[path])
    const committedAt = new Date(Date.UTC(2024, 0, 1 + this.#commits.size)).toISOString()
    const past = [{ commit, committedAt, message, paths }, ...(before?.past ?? [])]
    this.#commits.set(commit, { files, past })
    return { commit, tree: commit }
  }

  listFiles(tree: string): Promise<readonly SourceFile[]> {
    return Promise.resolve(this.#entries(tree))
  }

  readFiles(tree: string, paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    this.reads.push(...paths)
    const files = this.#filesOf(tree)
    return Promise.resolve(new Map(paths.map((path) => [path, Buffer.from(contentOf(files[path]))] as const)))
  }

  history(commit: string): Promise<readonly PastCommit[]> {
    return Promise.resolve(this.#commits.get(commit)?.past ?? [])
  }

  treeChanges(before: string, after: string): Promise<TreeChanges | undefined> {
    if (!this.#commits.has(before)) return Promise.resolve(undefined)
    const [old, now] = [this.#entries(before), this.#entries(after)]
    const isIn = (entries: readonly SourceFile[], one: SourceFile): boolean =>
      entries.some(
        ({ path, kind, objectId }) => path === one.path && kind === one.kind && objectId === one.objectId,
      )
    return Promise.resolve({
      gone: old.filter((one) => !isIn(now, one)).map(({ path }) => path),
      added: now.filter((one) => !isIn(old, one)),
    })
  }

  #filesOf(tree: string): Files {
    return this.#commits.get(tree)?.files ?? {}
  }

  #entries(tree: string): readonly SourceFile[] {
    return Object.entries(this.#filesOf(tree)).map(([path, entry]) => {
      const content = contentOf(entry)
      return {
        path,
        kind: typeof entry === 'string' ? 'file' : entry.kind,
        objectId: digestOf(content).slice('sha256:'.length, 'sha256:'.length + 40),
        size: Buffer.byteLength(content),
      }
    })
  }
}

function contentOf(entry: Files[string] | undefined): string {
  return typeof entry === 'string' ? entry : (entry?.content ?? '')
}

/** So many small files that differ from one another. */
export function manyFiles(count: number): Files {
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => [
      `src/part${n % 40}/file${n}.js`,
      `export function value${n}(calendar) {\n  return calendar.day${n % 7} + ${n}\n}\n`,
    ]),
  )
}
