import type { JsonColumn } from '../../store/index.ts'
import type { RunViews } from './run-views.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    change_comments: ChangeCommentsTable
    follow_ups: FollowUpsTable
    run_views: RunViewsTable
    inbox_dismissals: InboxDismissalsTable
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

/** Filters of the list of runs that a person keeps under names. */
interface RunViewsTable {
  tenant_id: string
  principal_id: string
  /** In the order in which they are shown. */
  views: JsonColumn<RunViews['views']>
}

/** Runs that ended unhappily, and that a person has seen to. */
interface InboxDismissalsTable {
  tenant_id: string
  principal_id: string
  run_id: string
  dismissed_at: Date
}

/** What people asked for instead of approving, and the run that takes it up. */
interface FollowUpsTable {
  tenant_id: string
  approval_id: string
  /** Whose change was sent back. */
  run_id: string
  /** Follows from the approval, so that it is the same however often it is started. */
  follow_up_run_id: string
  /** A line each. */
  wishes: JsonColumn<readonly string[]>
  /** Who asked. */
  principal_id: string
  created_at: Date
  /** Null until the run is there, or cannot be started for good. */
  settled_at: Date | null
  /** Why there is no run. */
  problem: string | null
}
