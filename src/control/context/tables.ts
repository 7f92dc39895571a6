import type { Generated } from 'kysely'
import type { CreatedAt, JsonColumn } from '../../store/index.ts'
import type { FileKind } from './kinds.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    context_repositories: ContextRepositoriesTable
    context_files: ContextFilesTable
    context_outlines: ContextOutlinesTable
    context_postings: ContextPostingsTable
    context_commits: ContextCommitsTable
    context_snapshots: ContextSnapshotsTable
  }
}

interface ContextRepositoriesTable {
  tenant_id: string
  id: Generated<number>
  location: string
  /** Number of the newest segment of postings. */
  segments: Generated<number>
  /** The segment into which all before it were merged. */
  merged_segment: Generated<number>
}

/** One content at one path, shared by all commits that have it there. */
interface ContextFilesTable {
  tenant_id: string
  repository_id: number
  id: Generated<number>
  path: string
  /** Git's id of the content, and the version of what was made of it. */
  blob: string
  kind: FileKind
  language: string
  outcome: string
  lines: number
  /** Words over all fields, weighted. */
  length: number
}

interface ContextOutlinesTable {
  tenant_id: string
  file_id: number
  /** JSON of a `FileOutline`; text, because the database never looks into it. */
  outline: string
}

/** Which files have a term, and how often. Each run of the indexer adds one segment. */
interface ContextPostingsTable {
  tenant_id: string
  repository_id: number
  term: string
  segment: number
  files: number[]
  frequencies: number[]
}

interface ContextCommitsTable {
  tenant_id: string
  repository_id: number
  id: Generated<number>
  commit: string
  committed_at: string
  /** Terms of the message. */
  terms: string[]
  paths: string[]
}

/** A commit that is indexed completely. */
interface ContextSnapshotsTable {
  tenant_id: string
  repository_id: number
  commit: string
  /** Who had it indexed. */
  principal_id: string
  files: number[]
  /** The commit and what came before it, newest first. */
  commits: number[]
  report: JsonColumn<Readonly<Record<string, number>>>
  created_at: CreatedAt
}
