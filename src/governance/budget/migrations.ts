import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation, roles } from '../../store/index.ts'
import { pinSearchPath } from '../audit/index.ts'
import { batchMigrations } from './batch-migrations.ts'
import { costUnits } from './cost.ts'
import { leaseMigrations } from './lease-migrations.ts'

const columns = costUnits.map(({ column }) => column)

/** One fragment of SQL for each unit, with `?` for its column. */
function perUnit(template: string, separator = ', '): RawBuilder<unknown> {
  return sql.raw(columns.map((column) => template.replaceAll('?', column)).join(separator))
}

/**
 * The application reads the ledger and changes it through functions that run as the owner. That no account is ever
 * overspent is a constraint of the table itself, so no fault in code can break it.
 */
export const budgetMigrations: readonly Migration[] = [
  {
    name: '0310-governance-budget',
    async up(db) {
      await sql`
        create table budget_accounts (
          tenant_id text not null,
          level text not null check (level in ('tenant', 'project', 'run', 'step')),
          subject text not null,
          ${perUnit(
            `?_limit bigint check (?_limit >= 0),
             ?_reserved bigint not null default 0 check (?_reserved >= 0),
             ?_spent bigint not null default 0 check (?_spent >= 0),
             constraint budget_?_never_overspent check (?_reserved + ?_spent <= ?_limit)`,
          )},
          primary key (tenant_id, level, subject)
        )`.execute(db)
      const purpose = sql.raw(
        `tenant_id text not null, act_key text not null, attempt integer not null,
         project_id text not null, run_id text not null, step_id text not null`,
      )
      await sql`
        create table budget_reservations (
          ${purpose},
          ${perUnit('? bigint not null check (? >= 0)')},
          state text not null default 'held' check (state in ('held', 'settled')),
          reserved_at timestamptz not null default now(),
          primary key (tenant_id, act_key, attempt)
        )`.execute(db)
      await sql`
        create index budget_reservations_held on budget_reservations (tenant_id, run_id) where state = 'held'`.execute(
        db,
      )
      await sql`
        create table ledger_entries (
          seq bigint generated always as identity primary key,
          ${purpose},
          kind text not null check (kind in ('reserve', 'settle')),
          reason text,
          ${perUnit('? bigint not null check (? >= 0), ?_overrun bigint not null default 0 check (?_overrun >= 0)')},
          at timestamptz not null default now(),
          unique (tenant_id, act_key, attempt, kind)
        )`.execute(db)
      await sql`create index ledger_entries_by_run on ledger_entries (tenant_id, run_id, seq)`.execute(db)
      for (const table of ['budget_accounts', 'budget_reservations', 'ledger_entries']) {
        await enableTenantIsolation(db, table, { application: ['select'] })
      }
      await sql`
        create trigger ledger_entries_append_only before update or delete or truncate on ledger_entries
        for each statement execute function refuse_change()`.execute(db)
    },
  },
  {
    name: '0311-governance-budget-functions',
    async up(db) {
      await createReserve(db)
      await createSettle(db)
      await createSetLimit(db)
      for (const signature of [
        'ledger_reserve(text, integer, text, text, text, bigint[])',
        'ledger_settle(text, integer, text, bigint[])',
        'ledger_set_limit(text, text, bigint[])',
      ]) {
        await pinSearchPath(db, signature)
        await sql`grant execute on function ${sql.raw(signature)} to ${sql.id(roles.application)}`.execute(db)
      }
    },
  },
  ...batchMigrations,
  {
    name: '0314-governance-ledger-by-project-and-time',
    async up(db) {
      // A few bytes for every megabyte of rows: reports read days of entries, and writing costs nothing.
      await sql`create index ledger_entries_by_time on ledger_entries using brin (at)`.execute(db)
      await sql`create index ledger_entries_newest on ledger_entries (tenant_id, seq)`.execute(db)
    },
  },
  ...leaseMigrations,
  {
    // Entries are numbered across tenants. With the number alone as the key, the newest ones of a tenant were looked for
    // among those of all.
    name: '0316-governance-ledger-by-tenant',
    async up(db) {
      await sql`alter table ledger_entries drop constraint ledger_entries_pkey`.execute(db)
      await sql`drop index ledger_entries_newest`.execute(db)
      await sql`alter table ledger_entries add primary key (tenant_id, seq)`.execute(db)
    },
  },
  {
    name: '0319-governance-accounts-of-steps',
    async up(db) {
      await sql`create index budget_accounts_of_steps on budget_accounts (tenant_id, subject collate "C")
        where level = 'step'`.execute(db)
    },
  },
  {
    name: '0328-governance-budgets-of-people',
    async up(db) {
      await sql`alter table budget_accounts drop constraint budget_accounts_level_check,
        add constraint budget_accounts_level_check
          check (level in ('tenant', 'project', 'run', 'step', 'person'))`.execute(db)
    },
  },
  {
    // It opened accounts before it locked the tenant's own, which those of many acts at once lock first.
    name: '0329-governance-reservations-lock-the-tenant-first',
    async up(db) {
      await createReserve(db)
      await pinSearchPath(db, 'ledger_reserve(text, integer, text, text, text, bigint[])')
    },
  },
]

type Db = Parameters<Migration['up']>[0]

/** The accounts that an act is charged to, widest first. */
const accountsOf = sql.raw(`
  (tenant_id = tenant and (level, subject) in (
    ('tenant', tenant), ('project', project), ('run', run), ('step', run || '/' || step)))`)
const widestFirst = sql.raw(`array_position(array['tenant', 'project', 'run', 'step'], level)`)

/**
 * Reserves on all levels or on none. Yields a row for every level and unit that is too small; no row means reserved.
 * Accounts are opened and locked widest first, always, so concurrent reservations cannot deadlock.
 */
async function createReserve(db: Db): Promise<void> {
  await sql`
    create or replace function ledger_reserve(act text, try integer, project text, run text, step text, amounts bigint[])
    returns table (level text, subject text, unit text, "limit" bigint, spent bigint, reserved bigint)
    language plpgsql security definer as $$
    #variable_conflict use_column
    declare
      tenant text := nullif(current_setting('atelier.tenant_id', true), '');
      held budget_reservations%rowtype;
    begin
      if tenant is null then
        raise exception 'a reservation needs a tenant' using errcode = 'insufficient_privilege';
      end if;
      insert into budget_accounts (tenant_id, level, subject) values (tenant, 'tenant', tenant)
        on conflict do nothing;
      perform 1 from budget_accounts accounts
        where accounts.tenant_id = tenant and accounts.level = 'tenant' and accounts.subject = tenant for update;
      insert into budget_accounts (tenant_id, level, subject)
        values (tenant, 'project', project), (tenant, 'run', run), (tenant, 'step', run || '/' || step)
        on conflict do nothing;
      perform 1 from budget_accounts where ${accountsOf} order by ${widestFirst} for update;
      select * into held from budget_reservations where tenant_id = tenant and act_key = act and attempt = try;
      if found then
        if held.state = 'held' then return; end if;
        raise exception 'reservation % of attempt % has ended', act, try using errcode = 'unique_violation';
      end if;
      return query
        select accounts.level, accounts.subject, units.unit, units.maximum, units.spent, units.reserved
        from budget_accounts accounts
        cross join lateral (values ${sql.raw(
          columns
            .map(
              (column, index) =>
                `('${column}', accounts.${column}_limit, accounts.${column}_spent, accounts.${column}_reserved, amounts[${index + 1}])`,
            )
            .join(', '),
        )}) units (unit, maximum, spent, reserved, wanted)
        where ${accountsOf} and units.spent + units.reserved + units.wanted > units.maximum
        order by ${widestFirst};
      if found then return; end if;
      update budget_accounts set ${sql.raw(
        columns
          .map((column, index) => `${column}_reserved = ${column}_reserved + amounts[${index + 1}]`)
          .join(', '),
      )} where ${accountsOf};
      insert into budget_reservations (tenant_id, act_key, attempt, project_id, run_id, step_id, ${perUnit('?')})
        values (tenant, act, try, project, run, step, amounts[1], amounts[2], amounts[3], amounts[4]);
      insert into ledger_entries (tenant_id, act_key, attempt, project_id, run_id, step_id, kind, ${perUnit('?')})
        values (tenant, act, try, project, run, step, 'reserve', amounts[1], amounts[2], amounts[3], amounts[4]);
    end $$`.execute(db)
}

/**
 * Ends a reservation with what was really used. Use beyond the reservation is charged as far as every level has room;
 * the rest is kept as overrun, so that no account is overspent and nothing is hidden. Ending it again changes nothing.
 */
async function createSettle(db: Db): Promise<void> {
  await sql`
    create function ledger_settle(act text, try integer, why text, amounts bigint[])
    returns table (${perUnit('? bigint, ?_overrun bigint')})
    language plpgsql security definer as $$
    #variable_conflict use_column
    declare
      tenant text := nullif(current_setting('atelier.tenant_id', true), '');
      held budget_reservations%rowtype;
      project text; run text; step text;
      room bigint[];
      charge bigint[];
    begin
      select * into held from budget_reservations where tenant_id = tenant and act_key = act and attempt = try;
      if not found then
        raise exception 'there is no reservation % of attempt %', act, try using errcode = 'no_data_found';
      end if;
      project := held.project_id; run := held.run_id; step := held.step_id;
      perform 1 from budget_accounts where ${accountsOf} order by ${widestFirst} for update;
      -- Read again under the locks: somebody else may have ended it meanwhile.
      select * into held from budget_reservations
        where tenant_id = tenant and act_key = act and attempt = try for update;
      if held.state = 'held' then
        select array[${perUnit('min(?_limit - ?_spent - ?_reserved + held.?)')}] into room
          from budget_accounts where ${accountsOf};
        charge := array[${sql.raw(
          columns
            .map(
              (_column, index) =>
                `least(amounts[${index + 1}], coalesce(room[${index + 1}], amounts[${index + 1}]))`,
            )
            .join(', '),
        )}];
        update budget_accounts set ${sql.raw(
          columns
            .map(
              (column, index) =>
                `${column}_reserved = ${column}_reserved - held.${column}, ${column}_spent = ${column}_spent + charge[${index + 1}]`,
            )
            .join(', '),
        )} where ${accountsOf};
        update budget_reservations set state = 'settled'
          where tenant_id = tenant and act_key = act and attempt = try;
        insert into ledger_entries (tenant_id, act_key, attempt, project_id, run_id, step_id, kind, reason,
                                    ${perUnit('?, ?_overrun')})
          values (tenant, act, try, project, run, step, 'settle', why, ${sql.raw(
            columns
              .map((_column, index) => `charge[${index + 1}], amounts[${index + 1}] - charge[${index + 1}]`)
              .join(', '),
          )});
      end if;
      return query select ${perUnit('?, ?_overrun')} from ledger_entries
        where tenant_id = tenant and act_key = act and attempt = try and kind = 'settle';
    end $$`.execute(db)
}

/** Sets the limits of one account; null removes one. Fails on the table's own constraint when too low. */
async function createSetLimit(db: Db): Promise<void> {
  await sql`
    create function ledger_set_limit(which text, whom text, limits bigint[]) returns void
    language sql security definer as $$
      insert into budget_accounts (tenant_id, level, subject, ${perUnit('?_limit')})
      values (nullif(current_setting('atelier.tenant_id', true), ''), which, whom,
              limits[1], limits[2], limits[3], limits[4])
      on conflict (tenant_id, level, subject) do update set ${perUnit('?_limit = excluded.?_limit')}
    $$`.execute(db)
}
