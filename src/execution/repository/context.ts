import type { Git } from './git-process.ts'
import type { ObjectFormat } from './git-directory.ts'
import type { ObjectReader } from './object-reader.ts'
import type { TreeEntry } from './tree-entry.ts'
import type { Location } from './location.ts'

export interface RepositoryLimits {
  /** Files in one tree. */
  readonly treeEntries: number
  /** Bytes of all files of one tree, when it is materialised. */
  readonly treeBytes: number
  /** Bytes of one file that is read into memory or written by a change. */
  readonly fileBytes: number
  /** Bytes of one patch. */
  readonly patchBytes: number
  /** Files that one change may touch. */
  readonly changedFiles: number
  /** Bytes of private memory of one git process. */
  readonly memoryBytes: number
  /** Milliseconds for calls of git that talk to another repository, and for all others. */
  readonly transferMs: number
  readonly commandMs: number
}

/** What the operations on one imported repository share. */
export interface RepositoryContext {
  readonly git: Git
  readonly limits: RepositoryLimits
  readonly location: Location
  readonly objectFormat: ObjectFormat
  /** The host-owned bare git directory. */
  readonly gitDirectory: string
  /** Holds everything of this repository; same file system throughout, so that renames are atomic. */
  readonly root: string
  readonly objects: ObjectReader
  readonly listings: Map<string, readonly TreeEntry[]>
  readonly entryMaps: WeakMap<readonly TreeEntry[], ReadonlyMap<string, TreeEntry>>
  /** Entries of trees that are known from a difference, without a listing of the tree. */
  readonly changedEntries: Map<string, ReadonlyMap<string, TreeEntry>>
  /** Who shall own layers, when the studio runs as root and sandboxes do not. */
  readonly layerOwner: { readonly uid: number; readonly gid: number } | undefined
  /** Told of each commit that comes in by an import or goes out by publishing. */
  readonly onRevision: (revision: { readonly commit: string; readonly tree: string }) => void
  /** Configuration and environment for calls that reach the remote. */
  readonly transport: () => Promise<{
    readonly config: Readonly<Record<string, string>>
    readonly environment: Readonly<Record<string, string>>
  }>
}
