import type { JsonColumn } from '../../store/index.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    own_texts: OwnTextsTable
  }
}

/**
 * `draft` and `in-force`: at most one by name. `superseded`: was in force until another version was. `rejected`:
 * somebody decided against it.
 */
export type OwnTextState = 'draft' | 'in-force' | 'superseded' | 'rejected'

export type OwnTextKind = 'policy' | 'workflow'

/** What people of a tenant write, and others approve before it holds. */
interface OwnTextsTable {
  tenant_id: string
  kind: OwnTextKind
  name: string
  /** From 1, by kind and name. */
  version: number
  state: OwnTextState
  /** A version without any takes the one before back. */
  text: string
  /** Tests of the text, where its kind has some. */
  tests: string
  /** Over kind, name, text and tests. */
  digest: string
  /** Everybody who wrote at it. */
  authors: string[]
  /** What was found out about the draft for whoever decides. */
  rehearsal: JsonColumn<unknown> | null
  decided_by: string | null
  reason: string | null
  created_at: Date
  changed_at: Date
  decided_at: Date | null
}
