import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'
import { actMigrations } from './act-migrations.ts'

export const doorMigrations: readonly Migration[] = [
  {
    name: '0340-governance-decisions',
    async up(db) {
      await sql`
        create table decisions (
          tenant_id text not null,
          id bigint generated always as identity,
          run_id text,
          act_key text,
          principal_id text not null,
          action text not null,
          resource text not null,
          request jsonb not null,
          decision text not null check (decision in ('allow', 'deny')),
          policies text[] not null,
          policy_set text not null,
          input_digest text not null,
          errors text[] not null,
          decided_at timestamptz not null,
          primary key (tenant_id, id)
        )`.execute(db)
      await sql`create index decisions_by_run on decisions (tenant_id, run_id, id) where run_id is not null`.execute(
        db,
      )
      await enableTenantIsolation(db, 'decisions', { application: ['select', 'insert'] })
      await sql`
        create trigger decisions_append_only before update or delete or truncate on decisions
        for each statement execute function refuse_change()`.execute(db)
    },
  },
  {
    name: '0341-governance-acts',
    async up(db) {
      await sql`
        create table acts (
          tenant_id text not null,
          key text not null,
          run_id text not null,
          project_id text not null,
          step_id text not null,
          tool text not null,
          effect text not null
            check (effect in ('read', 'workspace', 'external-reversible', 'external-irreversible')),
          principal_id text not null,
          on_behalf_of text,
          resource text not null,
          state text not null check (state in ('requested', 'refused', 'performing', 'succeeded', 'failed')),
          attempt integer not null,
          input_digest text not null,
          input_blob text,
          output_digest text,
          error jsonb,
          decision_id bigint,
          approval_id text,
          redactions text[] not null,
          recovered boolean not null,
          money bigint not null,
          tokens bigint not null,
          tool_calls bigint not null,
          seconds bigint not null,
          trace_id text not null,
          started_at timestamptz,
          ended_at timestamptz,
          created_at timestamptz not null default now(),
          primary key (tenant_id, key),
          constraint acts_performed_only_when_decided
            check (state in ('requested', 'refused') or decision_id is not null),
          constraint acts_succeeded_with_output check (state <> 'succeeded' or output_digest is not null)
        )`.execute(db)
      await sql`create index acts_by_run on acts (tenant_id, run_id, created_at)`.execute(db)
      await enableTenantIsolation(db, 'acts', { application: ['select', 'insert', 'update'] })
    },
  },
  ...actMigrations,
]
