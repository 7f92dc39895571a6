import type { Change, DiffSummary } from '../../contracts/index.ts'
import type { RepositoryContext } from './context.ts'
import { materialiseClone } from './clone.ts'
import { createCommit, type CommitRequest } from './commit.ts'
import {
  describeChange,
  diffTrees,
  linesOfCommit,
  listDifferences,
  summariseDifference,
  type FileDifference,
} from './diff.ts'
import { readHistory, type PastCommit } from './history.ts'
import { resolveRevision, type BaseRevision } from './import.ts'
import { materialiseTree } from './layers.ts'
import type { ChangePolicy } from './path-guard.ts'
import { findPublishedChange, publishChange, type ChangeRequest, type PublishRequest } from './publish.ts'
import { decodeText } from './text.ts'
import { searchTree, type FoundLine, type TextSearch } from './text-search.ts'
import { applyEdits, applyFileChanges, applyPatch, type FileChange, type TextEdit } from './tree-edit.ts'
import { readTreeChanges, type TreeChanges } from './tree-changes.ts'
import { listTree, readTreeFile, readTreeFiles, type TreeEntry } from './tree.ts'

/**
 * An imported repository: immutable objects in a git directory of the studio. Trees are named by their git tree id;
 * nothing here reads or writes a workspace. All errors are `ATL_REPOSITORY_*`.
 */
export class Repository {
  readonly #context: RepositoryContext

  constructor(context: RepositoryContext) {
    this.#context = context
  }

  /** Where it was imported from, without credentials. */
  get location(): string {
    return this.#context.location.display
  }

  /** The host-owned bare git directory; for reading only. */
  get gitDirectory(): string {
    return this.#context.gitDirectory
  }

  /** Finds a branch, tag or commit among what has been imported; HEAD when absent. */
  resolve(revision?: string): Promise<BaseRevision> {
    return resolveRevision(this.#context, revision)
  }

  /**
   * The commit and what came before it, newest first, without merges. Those that are `known` come without message and
   * paths, which take git long to find out.
   */
  history(commit: string, limit: number, known?: ReadonlySet<string>): Promise<readonly PastCommit[]> {
    return readHistory(this.#context, commit, limit, known)
  }

  /** How two trees differ, at the cost of the difference; undefined when the first is not among the objects. */
  treeChanges(before: string, after: string): Promise<TreeChanges | undefined> {
    return readTreeChanges(this.#context, before, after)
  }

  /** Every file of a tree, sorted as git sorts. */
  listFiles(tree: string): Promise<readonly TreeEntry[]> {
    return listTree(this.#context, tree)
  }

  /** The content of an ordinary file, or null if there is none at this path. Links are not followed. */
  readFile(tree: string, path: string): Promise<Buffer | null> {
    return readTreeFile(this.#context, tree, path)
  }

  /** The text of a file; null if it is absent or not UTF-8 text. */
  async readText(tree: string, path: string): Promise<string | null> {
    const content = await this.readFile(tree, path)
    return content === null ? null : (decodeText(content) ?? null)
  }

  /** Several files at once; absent ones are left out. */
  readFiles(tree: string, paths: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    return readTreeFiles(this.#context, tree, paths)
  }

  /** The lines of text files of a tree that match a pattern, with lines around them. */
  searchText(tree: string, search: TextSearch): Promise<readonly FoundLine[]> {
    return searchTree(this.#context, tree, search)
  }

  /** An immutable host directory with the files of a tree, to be used as a sandbox layer. Cached by tree id. */
  materialise(tree: string): Promise<string> {
    return materialiseTree(this.#context, tree)
  }

  /**
   * An immutable host directory that holds only `.git`, to be stacked on the layer of the same commit's tree: history
   * up to the base revision and nothing after it (invariant I12).
   *
   * @param depth commits of history; all when absent.
   */
  materialiseClone(base: BaseRevision, depth?: number): Promise<string> {
    const { commit, tree, branch } = base
    const options = { commit, tree, branch: branch ?? 'base' }
    return materialiseClone(this.#context, depth === undefined ? options : { ...options, depth })
  }

  /** Applies text edits; returns the id of the new tree. All or nothing. */
  applyEdits(tree: string, edits: readonly TextEdit[], policy: ChangePolicy = {}): Promise<string> {
    return applyEdits(this.#context, tree, edits, policy)
  }

  /** Writes and deletes whole files; returns the id of the new tree. All or nothing. */
  applyFileChanges(tree: string, changes: readonly FileChange[], policy: ChangePolicy = {}): Promise<string> {
    return applyFileChanges(this.#context, tree, changes, policy)
  }

  /** Applies a unified diff; returns the id of the new tree. All or nothing. */
  applyPatch(tree: string, patch: string, policy: ChangePolicy = {}): Promise<string> {
    return applyPatch(this.#context, tree, patch, policy)
  }

  /** The unified diff from one tree to another; `applyPatch(a, diff(a, b))` is `b`. */
  diff(before: string, after: string): Promise<string> {
    return diffTrees(this.#context, before, after)
  }

  /** The files in which two trees differ. */
  differences(before: string, after: string): Promise<readonly FileDifference[]> {
    return listDifferences(this.#context, before, after)
  }

  /** Kinds of files, counts of lines, and the functions, methods and classes touched. */
  summarise(before: string, after: string): Promise<DiffSummary> {
    return summariseDifference(this.#context, before, after)
  }

  /**
   * Numbers of the lines of a commit that it and so many commits before it added or changed, by file; none where there
   * are no more commits, or where they changed very much.
   */
  linesOfCommit(commit: string, before = 0): Promise<Readonly<Record<string, readonly number[]>>> {
    return linesOfCommit(this.#context, commit, before)
  }

  /** A candidate change as data. */
  describeChange(base: Pick<BaseRevision, 'commit' | 'tree'>, tree: string): Promise<Change> {
    return describeChange(this.#context, base, tree)
  }

  /** Makes the commit of a change; equal requests make the same commit. Nothing leaves the studio. */
  commit(request: CommitRequest): Promise<string> {
    return createCommit(this.#context, request)
  }

  /** Puts the change on the run's own branch of the repository it came from; safe to repeat. */
  async publish(request: PublishRequest): Promise<ChangeRequest> {
    const change = await publishChange(this.#context, request)
    this.#context.onRevision({ commit: change.commit, tree: request.tree })
    return change
  }

  /** Whether exactly this change is published already. */
  findPublished(request: PublishRequest): Promise<ChangeRequest | undefined> {
    return findPublishedChange(this.#context, request)
  }
}
