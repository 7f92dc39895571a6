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
]
