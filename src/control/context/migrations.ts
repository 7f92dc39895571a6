import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'

/**
 * The code index: files by path and content, their outlines, postings by term in segments, and for each indexed commit
 * the list of its files. What is immutable is only ever inserted, and removed when no commit needs it any more, so
 * queries and the indexer do not wait for each other.
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
           files integer not null default 0,
           segments integer not null default 0,
           collections integer not null default 0,
           primary key (tenant_id, id),
           unique (tenant_id, location)
         )`,
        // Permissions are for folders, of which there are far fewer than files.
        `create table context_folders (
           tenant_id text not null,
           repository_id integer not null,
           id integer generated always as identity,
           path text not null,
           primary key (tenant_id, repository_id, id),
           unique (tenant_id, repository_id, path),
           foreign key (tenant_id, repository_id) references context_repositories
         )`,
        `create table context_files (
           tenant_id text not null,
           repository_id integer not null,
           number integer not null,
           folder_id integer not null,
           path text not null,
           blob text not null,
           kind text not null,
           language text not null,
           outcome text not null,
           lines integer not null,
           length integer not null,
           stored_at timestamptz not null default now(),
           primary key (tenant_id, repository_id, number),
           foreign key (tenant_id, repository_id, folder_id) references context_folders
         )`,
        `create unique index context_files_content on context_files (tenant_id, repository_id, path, blob)`,
        // Apart from the files, so that a query that looks at every file reads little.
        `create table context_outlines (
           tenant_id text not null,
           repository_id integer not null,
           file_number integer not null,
           outline bytea not null,
           primary key (tenant_id, repository_id, file_number),
           foreign key (tenant_id, repository_id, file_number) references context_files on delete cascade
         )`,
        `create table context_segments (
           tenant_id text not null,
           repository_id integer not null,
           segment integer not null,
           first_file integer not null,
           last_file integer not null,
           files integer not null,
           postings integer not null,
           blocks integer not null,
           primary key (tenant_id, repository_id, segment),
           foreign key (tenant_id, repository_id) references context_repositories
         )`,
        `create table context_blocks (
           tenant_id text not null,
           repository_id integer not null,
           segment integer not null,
           block integer not null,
           content bytea not null,
           primary key (tenant_id, repository_id, segment, block),
           foreign key (tenant_id, repository_id, segment) references context_segments on delete cascade
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
           tree text not null,
           format integer not null,
           principal_id text not null,
           files integer[] not null,
           commits integer[] not null,
           report jsonb not null,
           created_at timestamptz not null default now(),
           asked_at timestamptz,
           primary key (tenant_id, repository_id, commit),
           foreign key (tenant_id, repository_id) references context_repositories
         )`,
      ]
      for (const statement of statements) await sql.raw(statement).execute(db)
      const tables = [
        'repositories',
        'folders',
        'files',
        'outlines',
        'segments',
        'blocks',
        'commits',
        'snapshots',
      ]
      for (const table of tables) await enableTenantIsolation(db, `context_${table}`)
    },
  },
]
