import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'

export const modelMigrations: readonly Migration[] = [
  {
    name: '0650-control-models',
    async up(db) {
      // One row for each attempt at a call, to ask questions of; what was asked and answered is with the act.
      await sql`
        create table model_calls (
          tenant_id text not null references tenants (id),
          id bigint generated always as identity,
          act_key text not null,
          run_id text not null,
          project_id text not null,
          step_id text not null,
          principal_id text not null,
          asked_for text not null,
          route text,
          model text,
          version text,
          provider text,
          endpoint text,
          deployment text,
          residency text,
          size text,
          transport text not null check (transport in ('translated', 'relayed', 'cached', 'none')),
          parameters jsonb not null,
          prompt text,
          finish text,
          error text,
          failed_before jsonb not null,
          input_tokens bigint not null,
          output_tokens bigint not null,
          cache_read_tokens bigint not null,
          cache_write_tokens bigint not null,
          reasoning_tokens bigint not null,
          counted_by text check (counted_by in ('provider', 'counted')),
          cost bigint,
          first_token_ms integer,
          duration_ms integer not null,
          started_at timestamptz not null,
          primary key (tenant_id, id)
        )`.execute(db)
      await sql`create index model_calls_by_run on model_calls (tenant_id, run_id, id)`.execute(db)
      await sql`create index model_calls_by_time on model_calls (tenant_id, started_at)`.execute(db)
      await enableTenantIsolation(db, 'model_calls', { application: ['select', 'insert'] })
    },
  },
  {
    name: '0651-control-model-cache',
    async up(db) {
      await sql`
        create table model_answers (
          tenant_id text not null references tenants (id),
          key text not null,
          response jsonb not null,
          expires_at timestamptz not null,
          created_at timestamptz not null default now(),
          primary key (tenant_id, key)
        )`.execute(db)
      await sql`create index model_answers_by_expiry on model_answers (tenant_id, expires_at)`.execute(db)
      await enableTenantIsolation(db, 'model_answers')
    },
  },
  {
    name: '0652-control-model-weights',
    async up(db) {
      await sql`
        create table model_route_weights (
          tenant_id text not null references tenants (id),
          route text not null,
          weights jsonb not null,
          reason text not null,
          principal_id text not null,
          set_at timestamptz not null default now(),
          primary key (tenant_id, route)
        )`.execute(db)
      await enableTenantIsolation(db, 'model_route_weights')
    },
  },
]
