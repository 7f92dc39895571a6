import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'

export const identityMigrations: readonly Migration[] = [
  {
    name: '0320-governance-mandates',
    async up(db) {
      await sql`
        create table mandates (
          tenant_id text not null references tenants (id),
          run_id text not null,
          project_id text not null,
          principal_id text not null,
          repository text,
          opened_at timestamptz not null default now(),
          closed_at timestamptz,
          primary key (tenant_id, run_id),
          foreign key (tenant_id, principal_id) references principals (tenant_id, id)
        )`.execute(db)
      await enableTenantIsolation(db, 'mandates', { application: ['select', 'insert', 'update'] })
    },
  },
  {
    name: '0321-governance-trusted-repositories',
    async up(db) {
      await sql`
        create table trusted_repositories (
          tenant_id text not null references tenants (id),
          location text not null,
          principal_id text not null,
          reason text not null,
          created_at timestamptz not null default now(),
          primary key (tenant_id, location)
        )`.execute(db)
      await enableTenantIsolation(db, 'trusted_repositories', { application: ['select', 'insert', 'delete'] })
    },
  },
  {
    name: '0325-governance-task-keys',
    async up(db) {
      await sql`
        create table task_keys (
          tenant_id text not null references tenants (id),
          id text not null,
          hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
          run_id text not null,
          step_id text not null,
          attempt integer not null check (attempt >= 0),
          principal_id text not null,
          principal_kind text not null check (principal_kind in ('person', 'agent', 'service')),
          on_behalf_of text,
          models text[] not null,
          limits jsonb not null,
          places jsonb not null,
          issued_at timestamptz not null default now(),
          expires_at timestamptz not null,
          revoked_at timestamptz,
          primary key (tenant_id, id),
          foreign key (tenant_id, run_id) references mandates (tenant_id, run_id),
          foreign key (tenant_id, principal_id) references principals (tenant_id, id)
        )`.execute(db)
      await sql`create index task_keys_by_run on task_keys (tenant_id, run_id)`.execute(db)
      await sql`create index task_keys_by_expiry on task_keys (tenant_id, expires_at)`.execute(db)
      // Whoever comes with a key does not say of which tenant it is.
      await enableTenantIsolation(db, 'task_keys', {
        application: ['select', 'insert', 'update', 'delete'],
        system: ['select'],
      })
    },
  },
  {
    name: '0327-governance-mandates-with-an-end',
    async up(db) {
      await sql`alter table mandates add column ends_at timestamptz`.execute(db)
    },
  },
]
