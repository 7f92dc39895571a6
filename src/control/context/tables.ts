import type { Generated } from 'kysely'
import type { CreatedAt, JsonColumn } from '../../store/index.ts'
import type { FileKind } from './kinds.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    context_repositories: ContextRepositoriesTable
    context_folders: ContextFoldersTable
    context_files: ContextFilesTable
    context_outlines: ContextOutlinesTable
    context_segments: ContextSegmentsTable
    context_blocks: ContextBlocksTable
    context_commits: ContextCommitsTable
    context_snapshots: ContextSnapshotsTable
  }
}

interface ContextRepositoriesTable {
  tenant_id: string
  id: Generated<number>
  location: string
  /** Number of the newest file, and of the newest segment of postings; none is ever used again. */
  files: Generated<number>
  segments: Generated<number>
  /** How often files were removed because no commit needed them. */
  collections: Generated<number>
}

interface ContextFoldersTable {
  tenant_id: string
  repository_id: number
  id: Generated<number>
  /** With a slash at the end; empty for the top. */
  path: string
}

/** One content at one path, shared by all commits that have it there. */
interface ContextFilesTable {
  tenant_id: string
  repository_id: number
  /** Within the repository; who is stored later has a higher one. */
  number: number
  folder_id: number
  path: string
  /** Git's id of the content, and the version of what was made of it. */
  blob: string
  kind: FileKind | 'link' | 'submodule'
  language: string
  outcome: string
  lines: number
  /** Words over all fields, weighted. */
  length: number
  stored_at: CreatedAt
}

interface ContextOutlinesTable {
  tenant_id: string
  repository_id: number
  file_number: number
  /** In the format of `indexing/outline-format.ts`. */
  outline: Buffer
}

/** Postings of files with consecutive numbers. Each run of the indexer adds some; neighbours are merged. */
interface ContextSegmentsTable {
  tenant_id: string
  repository_id: number
  segment: number
  first_file: number
  last_file: number
  /** How many files it was made of; some may have been removed since. */
  files: number
  /** Pairs of a term and a file. */
  postings: number
  /** A power of two. */
  blocks: number
}

/** The postings of those terms of a segment that have one hash. */
interface ContextBlocksTable {
  tenant_id: string
  repository_id: number
  segment: number
  block: number
  /** In the format of `indexing/postings-format.ts`. */
  content: Buffer
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
  tree: string
  /** Version of the outlines of its files. */
  format: number
  /** Who had it indexed. */
  principal_id: string
  files: number[]
  /** The commit and what came before it, newest first. */
  commits: number[]
  report: JsonColumn<SnapshotReport>
  created_at: CreatedAt
  /** When it was last searched, to the day; null when it never was. */
  asked_at: Generated<Date | null>
}

/** What the files of a commit come to. */
export interface SnapshotReport {
  readonly lines: number
  /** Files by what was made of them. */
  readonly outcomes: Readonly<Record<string, number>>
}
