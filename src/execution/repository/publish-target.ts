/** A place with branches that the studio may add to. Branch names come without `refs/heads/`. */
export interface PublishTarget {
  /** The default branch (`standard`), and with it every branch that a working tree has checked out. */
  protectedBranches(): Promise<{ readonly all: ReadonlySet<string>; readonly standard: string | undefined }>
  /** The commit of a branch, or undefined if there is no such branch. */
  find(branch: string): Promise<string | undefined>
  /** Brings the objects of a branch into the studio's repository. */
  fetch(branch: string): Promise<void>
  /**
   * Points the branch at `commit` if it is still at `expected` (undefined: absent), and returns whether it did. The
   * branch never appears before its objects.
   */
  update(branch: string, commit: string, expected: string | undefined): Promise<boolean>
}
