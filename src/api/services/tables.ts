import type {} from '../../store/index.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    change_comments: ChangeCommentsTable
  }
}

/** What people say about a change, as a whole or on a line of it. */
interface ChangeCommentsTable {
  tenant_id: string
  id: string
  run_id: string
  /** Git tree of the change that the comment is about. */
  tree: string
  path: string | null
  /** 1-based. */
  line: number | null
  side: 'old' | 'new' | null
  body: string
  principal_id: string
  created_at: Date
  resolved_by: string | null
  resolved_at: Date | null
}
