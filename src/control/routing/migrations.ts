import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'

export const routingMigrations: readonly Migration[] = [
  {
    name: '0650-control-routing',
    async up(db) {
      await sql`
        create table routing_attempts (
          tenant_id text not null references tenants (id),
          run_id text not null,
          step_id text not null,
          number integer not null check (number > 0),
          principal_id text not null,
          tier text not null,
          route text,
          rule text,
          difficulty double precision not null check (difficulty between 0 and 1),
          policy_digest text not null,
          outcome text not null,
          detail text not null,
          money bigint not null check (money >= 0),
          input_tokens bigint not null check (input_tokens >= 0),
          output_tokens bigint not null check (output_tokens >= 0),
          seconds integer not null check (seconds >= 0),
          created_at timestamptz not null default now(),
          primary key (tenant_id, run_id, step_id, number)
        )`.execute(db)
      await sql`create index routing_attempts_by_time on routing_attempts (tenant_id, created_at)`.execute(db)
      await enableTenantIsolation(db, 'routing_attempts', { application: ['select', 'insert'] })
    },
  },
]
