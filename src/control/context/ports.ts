/** A file of a commit. */
export interface SourceFile {
  readonly path: string
  readonly kind: 'file' | 'executable' | 'link' | 'submodule'
  /** Git's id of the content. */
  readonly objectId: string
  /** Bytes. */
  readonly size: number
}

/** A commit of the past. */
export interface PastCommit {
  readonly commit: string
  /** ISO 8601. */
  readonly committedAt: string
  /** Subject and body. */
  readonly message: string
  readonly paths: readonly string[]
}

/** The repository that is indexed, as the studio imported it: nothing here reads a workspace. */
export interface RepositorySource {
  /** Names the repository within the tenant, without credentials. */
  readonly location: string
  listFiles(tree: string): Promise<readonly SourceFile[]>
  /** Several files at once; absent ones are left out. */
  readFiles(tree: string, paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>
  /**
   * The commit itself and what came before it, newest first, without merges. Of those that are `known`, the id is
   * enough.
   */
  history(commit: string, limit: number, known?: ReadonlySet<string>): Promise<readonly PastCommit[]>
  /** How two trees differ; undefined when it cannot be told any more, and every file is looked at. */
  treeChanges?(before: string, after: string): Promise<TreeChanges | undefined>
}

/** Files in which two trees differ. */
export interface TreeChanges {
  /** Paths of what the first tree had and the second has not, or has otherwise. */
  readonly gone: readonly string[]
  /** What the second tree has and the first had not, or had otherwise. */
  readonly added: readonly SourceFile[]
}

/** What of a repository is indexed or asked about. */
export interface Revision {
  readonly commit: string
  readonly tree: string
}

/** What the principal who asks may read. */
export interface Reader {
  /** Folders and files with all below them; the empty path is everything. */
  readonly paths: readonly string[]
  /** Of these, what may not be read, with all below it. */
  readonly except?: readonly string[]
}
