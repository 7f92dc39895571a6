import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { roles } from '../../store/index.ts'
import { pinSearchPath } from '../audit/index.ts'
import { costUnits } from './cost.ts'

/**
 * Leases: reservations that are not for one act but for whatever a process does next in one step. An act that used some
 * of a lease is charged afterwards. Nothing is ever charged that was not reserved, so a process that dies with a lease has
 * not overspent; what it holds is charged like any reservation that was abandoned.
 */
export const leaseMigrations: readonly Migration[] = [
  {
    name: '0315-governance-budget-leases',
    up: createDraw,
  },
  {
    // Replaces one that read what was drawn three times.
    name: '0317-governance-budget-leases-read-once',
    up: createDraw,
  },
]

type Db = Parameters<Migration['up']>[0]

const units = costUnits.map(({ column }) => column)

/** One fragment of SQL for each unit, with `?` for its column and `#` for its place in an array. */
function each(template: string, separator = ', ') {
  return sql.raw(
    units
      .map((unit, index) => template.replaceAll('?', unit).replaceAll('#', String(index + 1)))
      .join(separator),
  )
}

/** A lease gets at most this part of the room that every level has left. */
const share = 8

/**
 * Replaces leases, and charges acts to those that they replace. Of a lease it takes the reservation that is `held` (null
 * for none), what is to be charged of it without an act (`lost`), the `next` reservation, what that has to have (`needed`,
 * which is no more than what was held), what it is to have if there is room (`wanted`; null for no next one), and without
 * how much it is of no use (`least`). Of an act: its lease, and what it used.
 *
 * Yields a row for every next lease with its amounts, and one for every held one that somebody else has ended meanwhile.
 * What was used of such a lease has been charged with it. Doing the same again changes nothing.
 */
async function createDraw(db: Db): Promise<void> {
  await sql`
    create or replace function ledger_draw(leases json, drawn json)
    returns table (lease text, ended boolean, amounts bigint[])
    language plpgsql security definer as $$
    #variable_conflict use_column
    declare
      tenant text := nullif(current_setting('atelier.tenant_id', true), '');
      item record;
      known bigint[];
      room bigint[];
      given bigint[];
      done text[] := '{}';
      lapsed text[] := '{""}'; -- An act whose lease is gone has none.
    begin
      if tenant is null then
        raise exception 'a lease needs a tenant' using errcode = 'insufficient_privilege';
      end if;
      perform 1 from budget_accounts accounts
        where accounts.tenant_id = tenant and accounts.level = 'tenant' and accounts.subject = tenant for update;
      for item in select * from json_to_recordset(leases) as leases (held text, next text, lost bigint[]) loop
        select array[${each('?')}] into known from budget_reservations
          where tenant_id = tenant and act_key = item.next and attempt = 1 and state = 'held';
        if found then
          done := done || item.next;
          return query select item.next, false, known;
        elsif item.held is not null then
          perform 1 from budget_reservations
            where tenant_id = tenant and act_key = item.held and attempt = 1 and state = 'held';
          if found then
            perform ledger_settle(item.held, 1, 'performed', item.lost);
          else
            lapsed := lapsed || item.held;
            return query select item.held, true, null::bigint[];
          end if;
        end if;
      end loop;
      with used as materialized (
        select * from json_to_recordset(drawn) as drawn (key text, lease text, project_id text, run_id text,
          step_id text, reason text, ${each('? bigint, ?_overrun bigint')})
        where lease <> all (lapsed)
      ), charged as (
        insert into budget_reservations (tenant_id, act_key, attempt, project_id, run_id, step_id, state, ${each('?')})
        select tenant, key, 1, project_id, run_id, step_id, 'settled', ${each('?')} from used
        returning *
      ), noted as (
        insert into ledger_entries (tenant_id, act_key, attempt, project_id, run_id, step_id, kind, reason, ${each('?, ?_overrun')})
        select tenant, key, 1, project_id, run_id, step_id, kind, reason, ${each('?, ?_overrun')}
        from (
          select key, project_id, run_id, step_id, 'settle' as kind, reason, ${each('?, ?_overrun')} from used
          union all
          select key, project_id, run_id, step_id, 'reserve', null, ${each('?, 0')} from used
        ) entries
      )
      insert into budget_accounts as account (tenant_id, level, subject, ${each('?_spent')})
      select tenant, level, subject, ${each('sum(?)')} from charged cross join lateral (values ('tenant', tenant),
        ('project', project_id), ('run', run_id), ('step', run_id || '/' || step_id)) as levels (level, subject)
      group by level, subject order by array_position(array['tenant', 'project', 'run', 'step'], level), subject
      on conflict (tenant_id, level, subject) do update set ${each('?_spent = account.?_spent + excluded.?_spent')};
      for item in select * from json_to_recordset(leases) as leases (held text, next text, project_id text, run_id text,
        step_id text, needed bigint[], wanted bigint[], least bigint[])
      loop
        if item.wanted is null or item.next = any (done) or item.held = any (lapsed) then continue; end if;
        select array[${each('min(?_limit - ?_spent - ?_reserved)')}] into room from budget_accounts
          where tenant_id = tenant and (level, subject) in (('tenant', tenant), ('project', item.project_id),
            ('run', item.run_id), ('step', item.run_id || '/' || item.step_id));
        given := array[${each(
          `greatest(item.needed[#], least(item.wanted[#], coalesce(room[#] / ${share}, item.wanted[#])))`,
        )}];
        if item.held is null and not (${each('given[#] >= item.least[#]', ' and ')}) then continue; end if;
        perform 1 from ledger_reserve(item.next, 1, item.project_id, item.run_id, item.step_id, given);
        if found then raise exception 'a lease exceeds what was held' using errcode = 'check_violation'; end if;
        return query select item.next, false, given;
      end loop;
    end $$`.execute(db)
  await pinSearchPath(db, 'ledger_draw(json, json)')
  await sql`grant execute on function ledger_draw(json, json) to ${sql.id(roles.application)}`.execute(db)
}
