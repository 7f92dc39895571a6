/** One file of a tree. */
export interface TreeEntry {
  /** Relative to the root, with forward slashes. Bytes that are not UTF-8 appear as U+FFFD. */
  readonly path: string
  /** `link`: a symbolic link, whose content is its target. `submodule`: a commit of another repository, not imported. */
  readonly kind: 'file' | 'executable' | 'link' | 'submodule'
  readonly objectId: string
  /** Bytes; 0 for a submodule. */
  readonly size: number
}
