import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'

export const approvalMigrations: readonly Migration[] = [
  {
    name: '0330-governance-approvals',
    async up(db) {
      await sql`
        create table approval_requests (
          tenant_id text not null,
          id text not null,
          run_id text not null,
          project_id text not null,
          step_id text not null,
          subject jsonb not null,
          subject_digest text not null,
          question jsonb not null,
          needed integer not null check (needed > 0),
          principal_id text not null,
          status text not null
            check (status in ('pending', 'approved', 'rejected', 'changes-requested', 'void', 'expired')),
          status_reason text,
          requested_at timestamptz not null,
          expires_at timestamptz not null,
          decided_at timestamptz,
          primary key (tenant_id, id)
        )`.execute(db)
      await sql`create index approval_requests_by_run on approval_requests (tenant_id, run_id, requested_at)`.execute(
        db,
      )
      await sql`
        create unique index approval_requests_one_open on approval_requests (tenant_id, run_id, step_id)
        where status = 'pending'`.execute(db)
      await sql`
        create table approval_decisions (
          tenant_id text not null,
          request_id text not null,
          principal_id text not null,
          verdict text not null check (verdict in ('approved', 'rejected', 'changes-requested')),
          reason text not null,
          subject_digest text not null,
          decided_at timestamptz not null,
          created_at timestamptz not null default now(),
          primary key (tenant_id, request_id, principal_id),
          foreign key (tenant_id, request_id) references approval_requests (tenant_id, id)
        )`.execute(db)
      await enableTenantIsolation(db, 'approval_requests', { application: ['select', 'insert', 'update'] })
      await enableTenantIsolation(db, 'approval_decisions', { application: ['select', 'insert'] })
      await sql`
        create trigger approval_decisions_append_only before update or delete or truncate on approval_decisions
        for each statement execute function refuse_change()`.execute(db)
    },
  },
  {
    name: '0331-governance-hands-off',
    async up(db) {
      // None are needed where a policy permits the work without asking.
      await sql`
        alter table approval_requests
          drop constraint approval_requests_needed_check,
          add constraint approval_requests_needed_check check (needed >= 0)`.execute(db)
    },
  },
]
