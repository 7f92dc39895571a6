import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'

/**
 * The code index: files by path and content, postings by term, and for each indexed commit the list of its files. What
 * is immutable is only ever inserted, so queries and the indexer do not wait for each other.
 */
export const contextMigrations: readonly Migration[] = [
  {
    name: '0600-control-context',
    async up(db) {
      const statements = [
        `create table context_repositories (
           tenant_id text not null references tenants (id),
           id integer generated always as identity,
           location text not null,
           segments integer not null default 0,
           merged_segment integer not null default 0,
           primary key (tenant_id, id),
           unique (tenant_id, location)
         )`,
        `create table context_files (
           tenant_id text not null,
           repository_id integer not null,
           id integer generated always as identity,
           path text not null,
           blob text not null,
           kind text not null,
           language text not null,
           outcome text not null,
           lines integer not null,
           length integer not null,
           primary key (tenant_id, id),
           foreign key (tenant_id, repository_id) references context_repositories
         )`,
        // Apart from the files, so that a query that looks at every file reads little.
        `create table context_outlines (
           tenant_id text not null,
           file_id integer not null,
           outline text not null,
           primary key (tenant_id, file_id),
           foreign key (tenant_id, file_id) references context_files
         )`,
        `create unique index context_files_content on context_files (tenant_id, repository_id, path, blob)`,
        `create table context_postings (
           tenant_id text not null,
           repository_id integer not null,
           term text not null,
           segment integer not null,
           files integer[] not null,
           frequencies smallint[] not null,
           primary key (tenant_id, repository_id, term, segment),
           foreign key (tenant_id, repository_id) references context_repositories
         )`,
        `create table context_commits (
           tenant_id text not null,
           repository_id integer not null,
           id integer generated always as identity,
           commit text not null,
           committed_at timestamptz not null,
           terms text[] not null,
           paths text[] not null,
           primary key (tenant_id, id),
           unique (tenant_id, repository_id, commit),
           foreign key (tenant_id, repository_id) references context_repositories
         )`,
        `create table context_snapshots (
           tenant_id text not null,
           repository_id integer not null,
           commit text not null,
           principal_id text not null,
           files integer[] not null,
           commits integer[] not null,
           report jsonb not null,
           created_at timestamptz not null default now(),
           primary key (tenant_id, repository_id, commit),
           foreign key (tenant_id, repository_id) references context_repositories
         )`,
      ]
      for (const statement of statements) await sql.raw(statement).execute(db)
      for (const table of ['repositories', 'files', 'outlines', 'postings', 'commits', 'snapshots'])
        await enableTenantIsolation(db, `context_${table}`)
    },
  },
]
