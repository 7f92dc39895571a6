/** What somebody says about a line of a file: a reviewer, a check or a person. */
export interface LineNote {
  readonly id: string
  /** The line is 1-based, in the version of its side. */
  readonly place: { readonly path: string; readonly line: number; readonly side: 'old' | 'new' }
  /** Who says it: a rule or a person. */
  readonly by: string
  readonly text: string
  readonly severity?: string
  readonly suggestion?: string
  /** ISO 8601. */
  readonly at?: string
  /** Only of what people say: whether it is dealt with. */
  readonly isResolved?: boolean
}

/** Notes on lines, and what can be done with them. */
export interface LineNotes {
  readonly all: readonly LineNote[]
  /** Absent for whoever may only read, as `resolve` is. */
  readonly add?: (place: LineNote['place'], text: string) => Promise<void>
  readonly resolve?: (noteId: string) => Promise<void>
}
