import { sql } from 'kysely'
import { enableTenantIsolation, type Migration } from '../../store/index.ts'

export const serviceMigrations: readonly Migration[] = [
  {
    name: '0710-api-change-comments',
    async up(db) {
      await sql`create table change_comments (
        tenant_id text not null references tenants (id),
        id text not null,
        run_id text not null,
        tree text not null,
        path text,
        line integer,
        side text check (side in ('old', 'new')),
        body text not null,
        principal_id text not null,
        created_at timestamptz not null,
        resolved_by text,
        resolved_at timestamptz,
        primary key (tenant_id, id),
        foreign key (tenant_id, run_id) references runs (tenant_id, run_id),
        check ((path is null) = (line is null) and (line is null) = (side is null))
      )`.execute(db)
      await sql`create index change_comments_by_run on change_comments (tenant_id, run_id, created_at)`.execute(
        db,
      )
      await enableTenantIsolation(db, 'change_comments')
    },
  },
  {
    name: '0711-api-waiting-approvals',
    async up(db) {
      await sql`create index approval_requests_by_time on approval_requests (tenant_id, requested_at desc, id desc)`.execute(
        db,
      )
      await sql`create index approval_requests_pending on approval_requests (tenant_id, requested_at, id)
        where status = 'pending'`.execute(db)
      await sql`create index runs_failed on runs (tenant_id, ended_at desc, run_id desc)
        where status = 'failed'`.execute(db)
      await sql`create index work_items_by_time on work_items (tenant_id, created_at desc, id desc)`.execute(
        db,
      )
    },
  },
  {
    // Transactions end in another order than they begin. What the oldest of them that is under way cannot change any
    // more is what a stream of all runs may tell, in the order of transactions: so it misses nothing.
    name: '0712-api-event-order',
    async up(db) {
      await sql`alter table run_events add column transaction xid8 not null default pg_current_xact_id()`.execute(
        db,
      )
      await sql`create index run_events_by_transaction
        on run_events (tenant_id, transaction, run_id, sequence)`.execute(db)
    },
  },
  {
    name: '0713-api-follow-ups',
    async up(db) {
      await sql`create table follow_ups (
        tenant_id text not null references tenants (id),
        approval_id text not null,
        run_id text not null,
        follow_up_run_id text not null,
        wishes jsonb not null,
        principal_id text not null,
        created_at timestamptz not null,
        settled_at timestamptz,
        problem text,
        primary key (tenant_id, approval_id),
        foreign key (tenant_id, run_id) references runs (tenant_id, run_id)
      )`.execute(db)
      await sql`create index follow_ups_open on follow_ups (tenant_id, created_at) where settled_at is null`.execute(
        db,
      )
      await enableTenantIsolation(db, 'follow_ups')
    },
  },
]
