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
  /** The commit itself and what came before it, newest first, without merges. */
  history(commit: string, limit: number): Promise<readonly PastCommit[]>
}

/** What of a repository is indexed or asked about. */
export interface Revision {
  readonly commit: string
  readonly tree: string
}

/** Who asks, and the folders and files that this principal may read; the empty path is everything. */
export interface Reader {
  readonly paths: readonly string[]
}
