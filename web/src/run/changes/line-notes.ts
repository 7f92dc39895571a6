/** What somebody says about a line of the new version of a file: a reviewer, a check or a person. */
export interface LineNote {
  readonly id: string
  readonly path: string
  /** 1-based, in the new version. */
  readonly line: number
  /** Who says it: a rule or a person. */
  readonly by: string
  readonly text: string
  readonly severity?: string
  readonly suggestion?: string
  /** ISO 8601. */
  readonly at?: string
}

/** Notes on lines, and how to add one; without `add`, they are only read. */
export interface LineNotes {
  readonly all: readonly LineNote[]
  readonly add?: (place: { readonly path: string; readonly line: number }, text: string) => Promise<void>
}
