import { allMigrations } from '@dbos-inc/dbos-sdk/internal/sysdb_migrations/internal/migrations'
import { sql } from 'kysely'
import { defaultProject } from '../kernel/index.ts'
import { enableTenantIsolation, roles } from '../store/index.ts'
import type { Migration } from '../store/index.ts'
import { durableSchema } from './durable-functions.ts'

const tenant = `tenant_id text not null references tenants (id)`
const ofRun = `foreign key (tenant_id, run_id) references runs (tenant_id, run_id)`

export const engineMigrations: readonly Migration[] = [
  {
    name: '0200-engine-workflow-versions',
    async up(db) {
      const table = sql.raw(`create table workflow_versions (
        ${tenant},
        digest text not null,
        name text not null,
        version integer not null,
        state text not null check (state in ('draft', 'approved', 'retired')),
        principal_id text not null,
        created_at timestamptz not null,
        primary key (tenant_id, digest)
      )`)
      await table.execute(db)
      await sql`create index workflow_versions_by_name on workflow_versions (tenant_id, name, created_at)`.execute(
        db,
      )
      await enableTenantIsolation(db, 'workflow_versions', { application: ['select', 'insert', 'update'] })
    },
  },
  {
    name: '0201-engine-runs',
    async up(db) {
      const runs = sql.raw(`create table runs (
        ${tenant},
        run_id text not null,
        principal_id text not null,
        workflow text not null,
        workflow_version integer not null,
        definition_digest text not null,
        plan_digest text not null,
        plan_version integer not null,
        phase text not null check (phase in ('forward', 'stopping', 'compensating', 'ended')),
        outcome text check (outcome in ('failed', 'cancelled')),
        status text not null check (status in ('running', 'waiting', 'succeeded', 'failed', 'cancelled')),
        inputs_digest text not null,
        result_digest text,
        error jsonb,
        labels jsonb not null,
        parent_run_id text,
        parent_step_id text,
        parent_item_index integer,
        depth integer not null,
        revision bigint not null,
        last_sequence bigint not null,
        created_at timestamptz not null,
        ended_at timestamptz,
        primary key (tenant_id, run_id)
      ) with (fillfactor = 70)`)
      await runs.execute(db)
      await sql`create index runs_by_time on runs (tenant_id, created_at desc, run_id desc)`.execute(db)
      await sql`create index runs_stopping on runs (run_id) where phase = 'stopping'`.execute(db)
      // Executors, which perform steps of any tenant, ask which of their runs have to stop.
      await enableTenantIsolation(db, 'runs', {
        application: ['select', 'insert', 'update'],
        system: ['select'],
      })
      const plans = sql.raw(`create table run_plans (
        ${tenant},
        run_id text not null,
        version integer not null,
        digest text not null,
        reason text not null,
        principal_id text not null,
        created_at timestamptz not null,
        primary key (tenant_id, run_id, version),
        ${ofRun}
      )`)
      await plans.execute(db)
      await enableTenantIsolation(db, 'run_plans', { application: ['select', 'insert'] })
    },
  },
  {
    name: '0202-engine-run-steps',
    async up(db) {
      const steps = sql.raw(`create table run_steps (
        tenant_id text not null,
        run_id text not null,
        step_id text not null,
        item_index integer not null,
        role text not null check (role in ('forward', 'compensation')),
        status text not null check (status in ('pending', 'ready', 'running', 'waiting', 'succeeded', 'failed',
          'skipped', 'cancelled', 'compensated')),
        attempt integer not null,
        tries integer not null,
        takes integer not null,
        cycle integer not null,
        token text,
        executor_id text,
        lock_key text,
        output_digest text,
        error jsonb,
        waiting jsonb,
        ended_sequence bigint,
        started_at timestamptz,
        ended_at timestamptz,
        primary key (tenant_id, run_id, step_id, item_index, role)
      ) with (fillfactor = 50)`)
      await steps.execute(db)
      await enableTenantIsolation(db, 'run_steps')
      const attempts = sql.raw(`create table step_attempts (
        tenant_id text not null,
        run_id text not null,
        step_id text not null,
        item_index integer not null,
        role text not null,
        attempt integer not null,
        take integer not null,
        executor_id text not null,
        outcome text not null check (outcome in ('succeeded', 'failed', 'waiting', 'delegated', 'lost')),
        error jsonb,
        started_at timestamptz not null,
        ended_at timestamptz not null,
        primary key (tenant_id, run_id, step_id, item_index, role, attempt, take)
      )`)
      await attempts.execute(db)
      await enableTenantIsolation(db, 'step_attempts', { application: ['select', 'insert'] })
      const events = sql.raw(`create table run_events (
        tenant_id text not null,
        run_id text not null,
        sequence bigint not null,
        at timestamptz not null,
        kind text not null,
        step_id text,
        item_index integer,
        data jsonb not null,
        primary key (tenant_id, run_id, sequence)
      )`)
      await events.execute(db)
      await enableTenantIsolation(db, 'run_events', { application: ['select', 'insert'] })
    },
  },
  {
    name: '0203-engine-resource-locks',
    async up(db) {
      const locks = sql.raw(`create table resource_locks (
        tenant_id text not null,
        lock_key text not null,
        run_id text not null,
        step_id text not null,
        item_index integer not null,
        position bigint generated always as identity,
        held boolean not null,
        principal_id text not null,
        attempt integer not null,
        requested_at timestamptz not null,
        primary key (tenant_id, run_id, step_id, item_index)
      )`)
      await locks.execute(db)
      await sql`create unique index resource_locks_one_holder on resource_locks (tenant_id, lock_key) where held`.execute(
        db,
      )
      await sql`create index resource_locks_queue on resource_locks (tenant_id, lock_key, position)`.execute(
        db,
      )
      await enableTenantIsolation(db, 'resource_locks')
    },
  },
  {
    name: '0204-engine-executors',
    async up(db) {
      const executors = sql.raw(`create table executors (
        executor_id text primary key,
        host text not null,
        process_id integer not null,
        started_at timestamptz not null,
        beat_at timestamptz not null
      )`)
      await executors.execute(db)
      await sql`grant select, insert, update, delete on executors to ${sql.id(roles.system)}`.execute(db)
    },
  },
  {
    name: '0205-engine-durable-functions',
    async up(db) {
      // All of the SDK's own history at once: on an empty schema nothing has to be built concurrently.
      const history = allMigrations(durableSchema, { useListenNotify: false })
      const statements = history.flatMap(({ pg = [] }) => pg)
      const text = statements.map((statement) => statement.replace(/\bconcurrently\b/gi, '')).join(';\n')
      await sql.raw(text).execute(db)
      await sql`insert into ${sql.table(`${durableSchema}.dbos_migrations`)} (version) values (${history.length})`.execute(
        db,
      )
      const application = sql.id(roles.application)
      await sql`grant usage on schema ${sql.id(durableSchema)} to ${application}`.execute(db)
      for (const table of ['workflow_status', 'workflow_input'])
        await sql`grant select, insert, delete on ${sql.table(`${durableSchema}.${table}`)} to ${application}`.execute(
          db,
        )
    },
  },
  {
    name: '0206-engine-project-of-a-run',
    async up(db) {
      await sql`alter table runs add column project_id text not null default ${sql.lit(defaultProject)}`.execute(
        db,
      )
      await sql`create index runs_by_project on runs (tenant_id, project_id, created_at desc, run_id desc)`.execute(
        db,
      )
    },
  },
]
