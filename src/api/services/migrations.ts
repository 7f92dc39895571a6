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
    // Every filter of a list finds its rows in the order of the list, however many others there are. Under row-level
    // security an index is used only for what cannot leak a value, as most functions can: hence columns in place of
    // expressions.
    name: '0713-api-lists-at-any-size',
    async up(db) {
      await sql`alter table work_items
        add column location text generated always as (repository ->> 'location') stored,
        add column run_id text generated always as ('run_' || substr(id, 6)) stored`.execute(db)
      for (const index of [
        'runs_by_status on runs (tenant_id, status, created_at desc, run_id desc)',
        'runs_by_requester on runs (tenant_id, principal_id, created_at desc, run_id desc)',
        `runs_by_result on runs (tenant_id, result_digest, created_at desc, run_id desc)
           where result_digest is not null`,
        `runs_by_result_ended on runs (tenant_id, result_digest, ended_at desc, run_id desc)
           where result_digest is not null`,
        'work_items_by_run on work_items (tenant_id, run_id)',
        'work_items_by_location on work_items (tenant_id, location, created_at desc, id desc)',
        'approval_requests_by_status on approval_requests (tenant_id, status, requested_at desc, id desc)',
        'approval_requests_decided on approval_requests (tenant_id, decided_at)',
        'mandates_open on mandates (tenant_id, run_id) where closed_at is null',
        'mandates_by_project on mandates (tenant_id, project_id, run_id desc)',
        'acts_by_time on acts (tenant_id, ended_at)',
      ])
        await sql`create index ${sql.raw(index)}`.execute(db)
    },
  },
  {
    name: '0714-api-follow-ups',
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
  {
    name: '0714-api-run-views',
    async up(db) {
      await sql`create table run_views (
        tenant_id text not null references tenants (id),
        principal_id text not null,
        views jsonb not null,
        primary key (tenant_id, principal_id),
        foreign key (tenant_id, principal_id) references principals (tenant_id, id)
      )`.execute(db)
      await enableTenantIsolation(db, 'run_views')
    },
  },
  {
    // Reports over many runs take what they count from an index alone, which holds it in the order of time.
    name: '0715-api-reports-from-indexes',
    async up(db) {
      await sql`drop index approval_requests_decided`.execute(db)
      for (const index of [
        `runs_reported on runs (tenant_id, created_at) include (workflow, status, ended_at)
           where parent_run_id is null`,
        'approval_requests_decided on approval_requests (tenant_id, decided_at) include (run_id, status, requested_at)',
      ])
        await sql`create index ${sql.raw(index)}`.execute(db)
    },
  },
  {
    name: '0716-api-inbox-dismissals',
    async up(db) {
      await sql`create table inbox_dismissals (
        tenant_id text not null references tenants (id),
        principal_id text not null,
        run_id text not null,
        dismissed_at timestamptz not null,
        primary key (tenant_id, principal_id, run_id),
        foreign key (tenant_id, principal_id) references principals (tenant_id, id),
        foreign key (tenant_id, run_id) references runs (tenant_id, run_id)
      )`.execute(db)
      await enableTenantIsolation(db, 'inbox_dismissals')
    },
  },
  {
    // A server numbers its transactions for itself. What tells their order survives the move to another server, which
    // counts on from there, see `event-order.ts`.
    name: '0718-api-event-positions',
    async up(db) {
      await sql`create function event_position(transaction xid8) returns xid8 language sql immutable
        as 'select transaction'`.execute(db)
      await sql`alter table run_events
        alter column transaction set default event_position(pg_current_xact_id())`.execute(db)
    },
  },
]
