import { sql } from 'kysely'
import { pinSearchPath } from '../../governance/audit/index.ts'
import { enableTenantIsolation, type Migration, roles } from '../../store/index.ts'

export const figureMigrations: readonly Migration[] = [
  {
    name: '0660-control-day-totals',
    async up(db) {
      await sql`
        create table day_totals (
          tenant_id text not null references tenants (id),
          kind text not null check (kind in ('project', 'agent', 'tool', 'model')),
          day date not null,
          key text not null,
          money bigint not null,
          tokens bigint not null,
          calls bigint not null,
          primary key (tenant_id, kind, day, key)
        )`.execute(db)
      // Up to where rows have been added to the totals, by the number that they were given when they were written.
      await sql`
        create table day_total_marks (
          tenant_id text not null references tenants (id),
          source text not null check (source in ('ledger', 'model-calls')),
          position bigint not null,
          primary key (tenant_id, source)
        )`.execute(db)
      for (const table of ['day_totals', 'day_total_marks'])
        await enableTenantIsolation(db, table, { application: ['select', 'insert', 'update'] })
      await createMark(db)
      await createSettledCalls(db)
    },
  },
  {
    // So that whoever may see a project alone is told its figures by agent, tool and model too.
    name: '0661-control-day-totals-by-project',
    async up(db) {
      // Those who read them add them up anew.
      await sql`truncate day_totals, day_total_marks`.execute(db)
      await sql`alter table day_totals drop constraint day_totals_pkey, add column project text not null,
        add primary key (tenant_id, kind, day, key, project)`.execute(db)
    },
  },
]

type Db = Parameters<Migration['up']>[0]

/** A function, because the planner asks it how many rows lie behind the mark, as it does not ask a sub-select. */
async function createMark(db: Db): Promise<void> {
  await sql`
    create function day_total_mark(wanted text) returns bigint language plpgsql stable as $$
    begin
      return coalesce((select position from day_total_marks
        where tenant_id = nullif(current_setting('atelier.tenant_id', true), '') and source = wanted), 0);
    end $$`.execute(db)
  await allow(db, 'day_total_mark(text)')
}

/**
 * The last call of the tenant before which none can appear any more; null while somebody writes. Calls get their numbers
 * before they are committed, and nothing puts these in order; so whoever holds this lock knows that nobody has a number
 * whose call is not there yet. It is not waited for, lest others wait behind.
 */
async function createSettledCalls(db: Db): Promise<void> {
  await sql`
    create function model_calls_settled() returns bigint language plpgsql security definer as $$
    begin
      lock table model_calls in share mode nowait;
      return (select coalesce(max(id), 0) from model_calls
              where tenant_id = nullif(current_setting('atelier.tenant_id', true), ''));
    exception when lock_not_available then
      return null;
    end $$`.execute(db)
  await allow(db, 'model_calls_settled()')
}

async function allow(db: Db, signature: string): Promise<void> {
  await pinSearchPath(db, signature)
  await sql`grant execute on function ${sql.raw(signature)} to ${sql.id(roles.application)}`.execute(db)
}
