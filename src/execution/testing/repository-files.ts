/** The files of one tree, wherever they stand. Paths are relative to its root, with forward slashes. */
export interface RepositoryFiles {
  list(): Promise<readonly string[]>
  /** Text of a file, or null if there is none. */
  read(path: string): Promise<string | null>
}
