import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation, roles } from '../../store/index.ts'

const holder = sql`foreign key (tenant_id, principal_id) references principals (tenant_id, id)`
const isHash = (column: string) => sql`check (${sql.ref(column)} ~ '^[0-9a-f]{64}$')`

/** Whoever comes with a secret does not say of which tenant it is, so these are found across tenants. */
export const credentialMigrations: readonly Migration[] = [
  {
    name: '0330-governance-sessions',
    async up(db) {
      await sql`
        create table sessions (
          tenant_id text not null references tenants (id),
          id text not null,
          hash text not null unique ${isHash('hash')},
          previous_hash text unique ${isHash('previous_hash')},
          principal_id text not null,
          device text not null,
          method text not null,
          provider text,
          id_token text,
          created_at timestamptz not null default now(),
          last_used_at timestamptz not null default now(),
          rotated_at timestamptz not null default now(),
          confirmed_at timestamptz,
          expires_at timestamptz not null,
          revoked_at timestamptz,
          primary key (tenant_id, id),
          ${holder}
        )`.execute(db)
      await sql`create index sessions_by_principal on sessions (tenant_id, principal_id)`.execute(db)
      await enableTenantIsolation(db, 'sessions', { system: ['select'] })
    },
  },
  {
    name: '0331-governance-api-tokens',
    async up(db) {
      await sql`
        create table api_tokens (
          tenant_id text not null references tenants (id),
          id text not null,
          hash text not null unique ${isHash('hash')},
          principal_id text not null,
          name text not null,
          scopes text[] not null,
          projects text[],
          created_by text not null,
          created_at timestamptz not null default now(),
          expires_at timestamptz not null,
          last_used_at timestamptz,
          revoked_at timestamptz,
          primary key (tenant_id, id),
          ${holder}
        )`.execute(db)
      await sql`create index api_tokens_by_principal on api_tokens (tenant_id, principal_id)`.execute(db)
      await enableTenantIsolation(db, 'api_tokens', { system: ['select'] })
    },
  },
  {
    name: '0332-governance-sign-in-links',
    async up(db) {
      await sql`
        create table sign_in_links (
          tenant_id text not null references tenants (id),
          hash text not null unique ${isHash('hash')},
          principal_id text not null,
          created_at timestamptz not null default now(),
          expires_at timestamptz not null,
          used_at timestamptz,
          primary key (tenant_id, hash),
          ${holder}
        )`.execute(db)
      await enableTenantIsolation(db, 'sign_in_links', { system: ['select'] })
    },
  },
  {
    name: '0333-governance-device-logins',
    async up(db) {
      // Of no tenant until somebody approves: only then it is known whose sign-in it is.
      await sql`
        create table device_logins (
          tenant_id text references tenants (id),
          hash text primary key ${isHash('hash')},
          user_code text not null unique,
          device text not null,
          status text not null default 'pending' check (status in ('pending', 'approved', 'denied', 'claimed')),
          principal_id text,
          interval_seconds integer not null,
          polled_at timestamptz,
          created_at timestamptz not null default now(),
          expires_at timestamptz not null,
          check ((status in ('pending')) = (tenant_id is null)),
          ${holder}
        )`.execute(db)
      await enableTenantIsolation(db, 'device_logins', {
        application: ['select'],
        system: ['select', 'insert', 'update', 'delete'],
      })
    },
  },
  {
    name: '0334-governance-step-keys',
    async up(db) {
      await sql`
        create table step_verification_keys (
          id text primary key,
          jwk jsonb not null,
          created_at timestamptz not null default now(),
          expires_at timestamptz not null
        )`.execute(db)
      await sql`grant select, insert, delete on step_verification_keys to ${sql.id(roles.system)}`.execute(db)
    },
  },
]
