import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { roles } from '../../store/index.ts'
import { pinSearchPath } from '../audit/index.ts'
import { costUnits } from './cost.ts'

/** Reservations and settlements of many acts at once; the functions for one are what these fall back to. */
export const batchMigrations: readonly Migration[] = [
  {
    name: '0312-governance-budget-batches',
    async up(db) {
      await createReserveMany(db)
      await allow(db, 'ledger_reserve_many(json)')
    },
  },
  {
    // Replaces one that looked each settlement up again, which took the longer the more a tenant had.
    name: '0313-governance-budget-settle-in-batches',
    async up(db) {
      await createSettleMany(db)
      await allow(db, 'ledger_settle_many(json)')
    },
  },
]

type Db = Parameters<Migration['up']>[0]

async function allow(db: Db, signature: string): Promise<void> {
  await pinSearchPath(db, signature)
  await sql`grant execute on function ${sql.raw(signature)} to ${sql.id(roles.application)}`.execute(db)
}

const units = costUnits.map(({ column }) => column)

/** One fragment of SQL for each unit, with `?` for its column. */
function each(template: string, separator = ', ') {
  return sql.raw(units.map((unit) => template.replaceAll('?', unit)).join(separator))
}

/** The accounts that a row with project, run and step is charged to. */
const chargedAccounts = sql.raw(
  `(values ('tenant', tenant), ('project', project_id), ('run', run_id), ('step', run_id || '/' || step_id))
     as charged (level, subject)`,
)
const widestFirst = sql.raw(`array_position(array['tenant', 'project', 'run', 'step'], level), subject`)

/** Whoever changes many accounts of a tenant first locks the tenant's own, so that they cannot deadlock. */
const lockTenant = sql.raw(
  `perform 1 from budget_accounts accounts
     where accounts.tenant_id = tenant and accounts.level = 'tenant' and accounts.subject = tenant for update`,
)

/**
 * Takes rows of act, attempt, project, run, step and amounts. All are reserved together if that leaves every account
 * within its limits, which the constraint of the table decides. Otherwise they are taken in turn, and each is reserved
 * on all levels or on none. Yields a row for every act, level and unit that is too small, as `ledger_reserve` does.
 */
async function createReserveMany(db: Db): Promise<void> {
  await sql`
    create function ledger_reserve_many(wanted json)
    returns table (act text, level text, subject text, unit text, "limit" bigint, spent bigint, reserved bigint)
    language plpgsql security definer as $$
    #variable_conflict use_column
    declare
      tenant text := nullif(current_setting('atelier.tenant_id', true), '');
      item record;
    begin
      if tenant is null then
        raise exception 'a reservation needs a tenant' using errcode = 'insufficient_privilege';
      end if;
      ${lockTenant};
      begin
        with held as (
          insert into budget_reservations (tenant_id, act_key, attempt, project_id, run_id, step_id, ${each('?')})
          select tenant, act_key, attempt, project_id, run_id, step_id, ${each('?')}
          from json_to_recordset(wanted) as wanted (act_key text, attempt integer, project_id text, run_id text,
            step_id text, ${each('? bigint')})
          returning *
        ), noted as (
          insert into ledger_entries (tenant_id, act_key, attempt, project_id, run_id, step_id, kind, ${each('?')})
          select tenant, act_key, attempt, project_id, run_id, step_id, 'reserve', ${each('?')} from held
        )
        insert into budget_accounts as account (tenant_id, level, subject, ${each('?_reserved')})
        select tenant, level, subject, ${each('sum(?)')} from held cross join lateral ${chargedAccounts}
        group by level, subject order by ${widestFirst}
        on conflict (tenant_id, level, subject)
        do update set ${each('?_reserved = account.?_reserved + excluded.?_reserved')};
        return;
      exception when check_violation or unique_violation then
        -- Undone. One of them does not fit or was reserved before.
      end;
      for item in select * from json_to_recordset(wanted) as wanted (act_key text, attempt integer,
        project_id text, run_id text, step_id text, ${each('? bigint')})
      loop
        return query select item.act_key, refusal.* from ledger_reserve(item.act_key, item.attempt, item.project_id,
          item.run_id, item.step_id, array[${each('item.?')}]) as refusal;
      end loop;
    end $$`.execute(db)
}

/**
 * Takes rows of act, attempt, reason and amounts. What stays within its reservation is charged together; the rest is
 * settled in turn by `ledger_settle`. Yields what each act was charged.
 */
async function createSettleMany(db: Db): Promise<void> {
  const ended = sql`json_to_recordset(ended) as ended (act_key text, attempt integer, reason text, ${each('? bigint')})`
  await sql`
    create or replace function ledger_settle_many(ended json) returns table (act text, ${each('? bigint')})
    language plpgsql security definer as $$
    #variable_conflict use_column
    declare
      tenant text := nullif(current_setting('atelier.tenant_id', true), '');
      acts text[] := array(select act_key from ${ended});
      together json;
      item record;
    begin
      if json_array_length(ended) = 0 then return; end if;
      ${lockTenant};
      with settled as (
        update budget_reservations held set state = 'settled' from ${ended}
        where held.tenant_id = tenant and held.act_key = any (acts) and held.act_key = ended.act_key
          and held.attempt = ended.attempt and held.state = 'held' and ${each('ended.? between 0 and held.?', ' and ')}
        returning held.act_key, held.attempt, held.project_id, held.run_id, held.step_id, ended.reason,
                  ${each('held.? as ?_held, ended.?')}
      ), noted as (
        insert into ledger_entries (tenant_id, act_key, attempt, project_id, run_id, step_id, kind, reason, ${each('?')})
        select tenant, act_key, attempt, project_id, run_id, step_id, 'settle', reason, ${each('?')} from settled
      ), charged as (
        insert into budget_accounts as account (tenant_id, level, subject, ${each('?_reserved, ?_spent')})
        select tenant, level, subject, ${each('sum(?_held), sum(?)')}
        from settled cross join lateral ${chargedAccounts} group by level, subject order by ${widestFirst}
        on conflict (tenant_id, level, subject) do update
          set ${each('?_reserved = account.?_reserved - excluded.?_reserved, ?_spent = account.?_spent + excluded.?_spent')}
      )
      select coalesce(json_agg(settled), '[]') into together from settled;
      return query select settled.act_key, ${each('settled.?')}
        from json_to_recordset(together) as settled (act_key text, ${each('? bigint')});
      if json_array_length(together) = json_array_length(ended) then return; end if;
      for item in select * from ${ended}
        where act_key <> all (array(select settled ->> 'act_key' from json_array_elements(together) as settled))
      loop
        return query select item.act_key, ${each('charged.?')}
          from ledger_settle(item.act_key, item.attempt, item.reason, array[${each('item.?')}]) as charged;
      end loop;
    end $$`.execute(db)
}
