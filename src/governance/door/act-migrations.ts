import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { roles } from '../../store/index.ts'

/**
 * What the door writes, each transaction's part in one call for any number of acts of one tenant. The functions run as
 * whoever calls them, so row-level security and privileges hold inside; only the ledger and the audit log, which they
 * call, run as their owner. All lock in the same order: the tenant's budget, acts, the end of the audit chain.
 */
export const actMigrations: readonly Migration[] = [
  {
    name: '0342-governance-acts-in-batches',
    async up(db) {
      await createBegin(db)
      await createRefuse(db)
      await allow(db, 'acts_begin(json, json, json, json, json, timestamptz)')
      await allow(db, 'acts_refuse(json, json, json, timestamptz)')
    },
  },
  {
    // Replaces one that looked for acts of others each time, not only when there are some.
    name: '0343-governance-acts-end-in-batches',
    async up(db) {
      await createEnd(db)
      await allow(db, 'acts_end(json, json, json, json, timestamptz)')
    },
  },
  {
    name: '0344-governance-acts-under-leases',
    up: createKeep,
  },
  {
    // Replaces one that took each decision as often as it let in an act.
    name: '0345-governance-acts-under-one-decision',
    up: createKeep,
  },
]

type Db = Parameters<Migration['up']>[0]

async function allow(db: Db, signature: string): Promise<void> {
  await sql`revoke all on function ${sql.raw(signature)} from public`.execute(db)
  await sql`grant execute on function ${sql.raw(signature)} to ${sql.id(roles.application)}`.execute(db)
}

const tenant = sql.raw(`tenant text := nullif(current_setting('atelier.tenant_id', true), '')`)

const insertDecisions = `
  insert into decisions (tenant_id, run_id, act_key, principal_id, action, resource, request, decision, policies,
                         policy_set, input_digest, errors, decided_at)
  select tenant, run_id, act_key, principal_id, action, resource, request, decision, policies, policy_set,
         input_digest, errors, at`
const decisionColumns = `run_id text, principal_id text, action text, resource text, request jsonb, decision text,
  policies text[], policy_set text, input_digest text, errors text[]`

/** Inserts the decisions, and yields their ids by act. */
const decided = sql.raw(`${insertDecisions}
  from json_to_recordset(decisions) as decisions (act_key text, ${decisionColumns})
  where act_key <> all (left_out)
  returning id, act_key`)

/** The same for decisions that each let in several acts. */
const decidedTogether = sql.raw(`${insertDecisions}
  from json_to_recordset(decisions) as decisions (act_keys text[], ${decisionColumns}), unnest(act_keys) as act_key
  where act_key <> all (left_out)
  returning id, act_key`)

const storeContents = sql.raw(`
  insert into blobs (tenant_id, digest, media_type, content)
  select tenant, digest, 'application/json', convert_to(content, 'UTF8')
  from json_to_recordset(contents) as contents (digest text, content text) order by digest
  on conflict do nothing`)

/** Last, because the tenant's chain is locked from here to the commit. */
const appendRecords = sql.raw(`
  audited := array(select record from json_to_recordset(records) as records (act_key text, record text)
                   where act_key <> all (left_out));
  if cardinality(audited) > 0 then perform audit_append_many(audited); end if`)

/**
 * Reserves and begins, and yields what the ledger refused: those acts are left out. Fails as a whole with a
 * serialization failure when an act is not as it was read: at the attempt before, and without result.
 */
async function createBegin(db: Db): Promise<void> {
  await sql`
    create function acts_begin(begun json, reservations json, decisions json, contents json, records json,
                               at timestamptz)
    returns table (act text, level text, subject text, unit text, "limit" bigint, spent bigint, reserved bigint)
    language plpgsql as $$
    #variable_conflict use_column
    declare
      ${tenant};
      refusal record;
      left_out text[] := '{}';
      written integer;
      audited text[];
    begin
      for refusal in select * from ledger_reserve_many(reservations) loop
        if refusal.act = any (left_out) then continue; end if;
        left_out := left_out || refusal.act;
        return query select refusal.act, refusal.level, refusal.subject, refusal.unit, refusal."limit", refusal.spent,
          refusal.reserved;
      end loop;
      ${storeContents};
      with decided as (${decided}), written as (
        insert into acts as act (tenant_id, key, run_id, project_id, step_id, tool, effect, principal_id, on_behalf_of,
          resource, state, attempt, input_digest, input_blob, decision_id, approval_id, redactions, recovered, money,
          tokens, tool_calls, seconds, trace_id, started_at)
        select tenant, begun.key, begun.run_id, begun.project_id, begun.step_id, begun.tool, begun.effect,
          begun.principal_id, begun.on_behalf_of, begun.resource, 'performing', begun.attempt, begun.input_digest,
          begun.input_blob, coalesce(decided.id, earlier.decision_id), coalesce(begun.approval_id, earlier.approval_id),
          begun.redactions, false, 0, 0, 0, 0, begun.trace_id, at
        from json_to_recordset(begun) as begun (key text, run_id text, project_id text, step_id text, tool text,
          effect text, principal_id text, on_behalf_of text, resource text, attempt integer, input_digest text,
          input_blob text, approval_id text, redactions text[], trace_id text)
        left join decided on decided.act_key = begun.key
        left join acts earlier on earlier.tenant_id = tenant and earlier.key = begun.key
        where begun.key <> all (left_out)
        order by begun.key
        on conflict (tenant_id, key) do update set
          state = 'performing', attempt = excluded.attempt, principal_id = excluded.principal_id,
          on_behalf_of = excluded.on_behalf_of, input_digest = excluded.input_digest,
          input_blob = excluded.input_blob, decision_id = excluded.decision_id, approval_id = excluded.approval_id,
          redactions = excluded.redactions, trace_id = excluded.trace_id, error = null,
          started_at = excluded.started_at, ended_at = null
          where act.attempt = excluded.attempt - 1 and act.state <> 'succeeded'
            and act.run_id = excluded.run_id and act.tool = excluded.tool
        returning 1
      )
      select count(*) into written from written;
      if written <> json_array_length(begun) - cardinality(left_out) then
        raise exception 'another process has gone on with an act meanwhile' using errcode = 'serialization_failure';
      end if;
      ${appendRecords};
    end $$`.execute(db)
}

/** Keeps why acts were refused. One that was begun before stays what it was: what it did is not undone by that. */
async function createRefuse(db: Db): Promise<void> {
  await sql`
    create function acts_refuse(refused json, decisions json, records json, at timestamptz) returns void
    language plpgsql as $$
    #variable_conflict use_column
    declare
      ${tenant};
      left_out text[] := '{}';
      audited text[];
    begin
      with decided as (${decided})
      insert into acts as act (tenant_id, key, run_id, project_id, step_id, tool, effect, principal_id, on_behalf_of,
        resource, state, attempt, input_digest, error, decision_id, redactions, recovered, money, tokens, tool_calls,
        seconds, trace_id, ended_at)
      select tenant, refused.key, refused.run_id, refused.project_id, refused.step_id, refused.tool, refused.effect,
        refused.principal_id, refused.on_behalf_of, refused.resource, 'refused', 0, refused.input_digest, refused.error,
        decided.id, '{}', false, 0, 0, 0, 0, refused.trace_id, at
      from json_to_recordset(refused) as refused (key text, run_id text, project_id text, step_id text, tool text,
        effect text, principal_id text, on_behalf_of text, resource text, input_digest text, error jsonb,
        trace_id text)
      left join decided on decided.act_key = refused.key
      order by refused.key
      on conflict (tenant_id, key) do update set
        state = case when act.attempt = 0 then 'refused' else act.state end, error = excluded.error,
        decision_id = coalesce(excluded.decision_id, act.decision_id), ended_at = excluded.ended_at
        where act.state <> 'succeeded' and act.run_id = excluded.run_id and act.tool = excluded.tool;
      ${appendRecords};
    end $$`.execute(db)
}

/**
 * Settles and records results. Those that do not come from the latest attempt are dropped; for each of these acts a
 * row is yielded, with the output that another process has recorded, if it has.
 */
async function createEnd(db: Db): Promise<void> {
  await sql`
    create or replace function acts_end(ended json, settlements json, contents json, records json, at timestamptz)
    returns table (act text, recorded text)
    language plpgsql as $$
    #variable_conflict use_column
    declare
      ${tenant};
      keys text[] := array(select key from json_to_recordset(ended) as ended (key text));
      written text[];
      left_out text[];
      audited text[];
    begin
      with charged as (select * from ledger_settle_many(settlements)), written as (
        update acts set
          state = ended.state, output_digest = ended.output_digest, error = ended.error, recovered = ended.recovered,
          redactions = array(select distinct unnest(acts.redactions || ended.redactions) order by 1),
          money = acts.money + coalesce(charged.money, 0), tokens = acts.tokens + coalesce(charged.tokens, 0),
          tool_calls = acts.tool_calls + coalesce(charged.tool_calls, 0),
          seconds = acts.seconds + coalesce(charged.seconds, 0), ended_at = at
        from json_to_recordset(ended) as ended (key text, attempt integer, state text, output_digest text, error jsonb,
          redactions text[], recovered boolean)
        left join charged on charged.act = ended.key
        where acts.tenant_id = tenant and acts.key = any (keys) and acts.key = ended.key
          and acts.attempt = ended.attempt and acts.state = 'performing'
        returning acts.key
      )
      select coalesce(array_agg(key), '{}') into written from written;
      left_out := array(select key from unnest(keys) as key where key <> all (written));
      ${storeContents};
      ${appendRecords};
      if cardinality(left_out) > 0 then
        return query select key, case when state = 'succeeded' then output_digest end from acts
          where tenant_id = tenant and key = any (left_out);
      end if;
    end $$`.execute(db)
}

/**
 * Records acts that were done under leases, from beginning to end, and renews these as `ledger_draw` does, whose rows it
 * yields. Doing the same again changes nothing.
 */
async function createKeep(db: Db): Promise<void> {
  await sql`
    create or replace function acts_keep(leases json, kept json, decisions json, contents json, records json, at timestamptz)
    returns table (lease text, ended boolean, amounts bigint[])
    language plpgsql as $$
    #variable_conflict use_column
    declare
      ${tenant};
      keys text[] := array(select key from json_to_recordset(kept) as kept (key text));
      left_out text[] := array(select key from acts where tenant_id = tenant and key = any (keys));
      lapsed text[] := '{""}'; -- An act whose lease is gone has none.
      audited text[];
      drawn record;
    begin
      for drawn in select * from ledger_draw(leases, case when left_out = '{}' then kept else '[]' end) loop
        if drawn.ended then lapsed := lapsed || drawn.lease; end if;
        return query select drawn.lease, drawn.ended, drawn.amounts;
      end loop;
      if cardinality(keys) > 0 then
        ${storeContents};
      end if;
      with decided as (${decidedTogether})
      insert into acts (tenant_id, key, run_id, project_id, step_id, tool, effect, principal_id, on_behalf_of, resource,
        state, attempt, input_digest, input_blob, output_digest, error, decision_id, redactions, recovered, money, tokens,
        tool_calls, seconds, trace_id, created_at, started_at, ended_at)
      select tenant, key, kept.run_id, project_id, step_id, tool, effect, principal_id, on_behalf_of, resource, state, 1,
        input_digest, input_blob, output_digest, error, decided.id, redactions, false,
        case when charged then money else 0 end, case when charged then tokens else 0 end,
        case when charged then tool_calls else 0 end, case when charged then seconds else 0 end,
        trace_id, started_at, started_at, ended_at
      from (
        select kept.*, lease <> all (lapsed) as charged from json_to_recordset(kept) as kept (key text, lease text,
          run_id text, project_id text, step_id text, tool text, effect text, principal_id text, on_behalf_of text,
          resource text, state text, input_digest text, input_blob text, output_digest text, error jsonb,
          redactions text[], money bigint, tokens bigint, tool_calls bigint, seconds bigint, trace_id text,
          started_at timestamptz, ended_at timestamptz)
      ) kept
      join decided on decided.act_key = kept.key
      where key <> all (left_out);
      ${appendRecords};
    end $$`.execute(db)
  await allow(db, 'acts_keep(json, json, json, json, json, timestamptz)')
}
