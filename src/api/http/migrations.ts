import { sql } from 'kysely'
import { enableTenantIsolation, type Migration } from '../../store/index.ts'

export const httpMigrations: readonly Migration[] = [
  {
    name: '0700-api-idempotency-keys',
    async up(db) {
      await sql`create table idempotency_keys (
        tenant_id text not null references tenants (id),
        principal_id text not null,
        key text not null,
        operation text not null,
        request text not null,
        status integer,
        answer text,
        locked_at timestamptz not null,
        created_at timestamptz not null default now(),
        primary key (tenant_id, principal_id, key)
      )`.execute(db)
      await sql`create index idempotency_keys_by_age on idempotency_keys (tenant_id, created_at)`.execute(db)
      await enableTenantIsolation(db, 'idempotency_keys')
    },
  },
]
