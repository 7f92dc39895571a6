import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation, roles } from '../../store/index.ts'

/**
 * The application may read the log and append to it through `audit_append`, which runs as the owner; it holds no
 * privilege to insert, update or delete. Triggers refuse changes by the owner as well. Whoever can switch those off is
 * found by the hash chain and the signed checkpoints.
 */
export const auditMigrations: readonly Migration[] = [
  {
    name: '0300-governance-append-only',
    async up(db) {
      await sql`
        create function refuse_change() returns trigger language plpgsql as $$
        begin
          raise exception 'rows of % are never changed', tg_table_name using errcode = 'insufficient_privilege';
        end $$`.execute(db)
    },
  },
  {
    name: '0301-governance-audit',
    async up(db) {
      await sql`
        create table audit_log (
          tenant_id text not null,
          seq bigint not null,
          entry text not null,
          hash text not null,
          record text not null,
          run_id text generated always as (record::jsonb ->> 'runId') stored,
          principal_id text not null generated always as (record::jsonb ->> 'principalId') stored,
          action text not null generated always as (record::jsonb ->> 'action') stored,
          outcome text not null generated always as (record::jsonb ->> 'outcome') stored,
          primary key (tenant_id, seq)
        )`.execute(db)
      await sql`create index audit_log_by_run on audit_log (tenant_id, run_id, seq) where run_id is not null`.execute(
        db,
      )
      await sql`
        create table audit_heads (
          tenant_id text primary key,
          seq bigint not null,
          hash text not null
        )`.execute(db)
      await sql`
        create table audit_checkpoints (
          tenant_id text not null,
          seq bigint not null,
          hash text not null,
          time text not null,
          key_id text not null,
          signature text not null,
          created_at timestamptz not null default now(),
          primary key (tenant_id, seq, key_id)
        )`.execute(db)
      await enableTenantIsolation(db, 'audit_log', { application: ['select'] })
      await enableTenantIsolation(db, 'audit_heads', { application: ['select'] })
      await enableTenantIsolation(db, 'audit_checkpoints', { application: ['select', 'insert'] })
      for (const table of ['audit_log', 'audit_checkpoints']) {
        await sql`
          create trigger ${sql.id(`${table}_append_only`)} before update or delete or truncate on ${sql.table(table)}
          for each statement execute function refuse_change()`.execute(db)
      }
    },
  },
  {
    name: '0302-governance-audit-append',
    async up(db) {
      await sql`
        create function audit_append(content text) returns table (seq bigint, hash text)
        language plpgsql security definer as $$
        #variable_conflict use_column
        declare
          tenant text := nullif(current_setting('atelier.tenant_id', true), '');
          head audit_heads%rowtype;
          entry text;
        begin
          if tenant is null or content::jsonb ->> 'tenantId' is distinct from tenant then
            raise exception 'an audit record belongs to the tenant of its transaction'
              using errcode = 'insufficient_privilege';
          end if;
          -- The lock on the head is held until commit: it makes the chain gap-free in commit order.
          select * into head from audit_heads where tenant_id = tenant for update;
          if not found then
            insert into audit_heads values (
              tenant, 0,
              'sha256:' || encode(sha256(convert_to('atelier audit chain of ' || tenant, 'UTF8')), 'hex')
            ) on conflict do nothing;
            select * into head from audit_heads where tenant_id = tenant for update;
          end if;
          head.seq := head.seq + 1;
          entry := '{"previous":"' || head.hash || '","record":"sha256:'
            || encode(sha256(convert_to(content, 'UTF8')), 'hex') || '","seq":' || head.seq || '}';
          head.hash := 'sha256:' || encode(sha256(convert_to(entry, 'UTF8')), 'hex');
          insert into audit_log (tenant_id, seq, entry, hash, record)
            values (tenant, head.seq, entry, head.hash, content);
          update audit_heads set seq = head.seq, hash = head.hash where tenant_id = tenant;
          return query select head.seq, head.hash;
        end $$`.execute(db)
      await pinSearchPath(db, 'audit_append(text)')
      await sql`grant execute on function audit_append(text) to ${sql.id(roles.application)}`.execute(db)
    },
  },
  {
    name: '0303-governance-audit-append-many',
    async up(db) {
      await sql`
        create function audit_append_many(records text[]) returns table (seq bigint, hash text)
        language plpgsql security definer as $$
        #variable_conflict use_column
        declare
          tenant text := nullif(current_setting('atelier.tenant_id', true), '');
          head audit_heads%rowtype;
          content text;
          entry text;
          seqs bigint[] := '{}';
          entries text[] := '{}';
          hashes text[] := '{}';
        begin
          if tenant is null or exists (
            select from unnest(records) as content where content::jsonb ->> 'tenantId' is distinct from tenant
          ) then
            raise exception 'an audit record belongs to the tenant of its transaction'
              using errcode = 'insufficient_privilege';
          end if;
          -- The lock on the head is held until commit: it makes the chain gap-free in commit order.
          select * into head from audit_heads where tenant_id = tenant for update;
          if not found then
            insert into audit_heads values (
              tenant, 0,
              'sha256:' || encode(sha256(convert_to('atelier audit chain of ' || tenant, 'UTF8')), 'hex')
            ) on conflict do nothing;
            select * into head from audit_heads where tenant_id = tenant for update;
          end if;
          foreach content in array records loop
            head.seq := head.seq + 1;
            entry := '{"previous":"' || head.hash || '","record":"sha256:'
              || encode(sha256(convert_to(content, 'UTF8')), 'hex') || '","seq":' || head.seq || '}';
            head.hash := 'sha256:' || encode(sha256(convert_to(entry, 'UTF8')), 'hex');
            seqs := seqs || head.seq;
            entries := entries || entry;
            hashes := hashes || head.hash;
          end loop;
          insert into audit_log (tenant_id, seq, entry, hash, record)
            select tenant, links.* from unnest(seqs, entries, hashes, records) as links;
          update audit_heads set seq = head.seq, hash = head.hash where tenant_id = tenant;
          return query select head.seq, head.hash;
        end $$`.execute(db)
      await sql`
        create or replace function audit_append(content text) returns table (seq bigint, hash text)
        language sql security definer as 'select * from audit_append_many(array[content])'`.execute(db)
      for (const signature of ['audit_append(text)', 'audit_append_many(text[])']) {
        await pinSearchPath(db, signature)
        await sql`grant execute on function ${sql.raw(signature)} to ${sql.id(roles.application)}`.execute(db)
      }
    },
  },
  {
    // Of people alone: they are few beside what services and agents do for them, all of which is recorded too.
    name: '0304-governance-audit-of-people',
    async up(db) {
      await sql`create index audit_log_of_people on audit_log (tenant_id, principal_id, seq)
        where principal_id like 'person:%'`.execute(db)
    },
  },
]

/**
 * A function that runs as its owner must find its own tables whatever the caller's search path says (PostgreSQL
 * manual, "Writing SECURITY DEFINER Functions Safely"), and be callable by nobody who was not granted it.
 */
export async function pinSearchPath(db: Parameters<Migration['up']>[0], signature: string): Promise<void> {
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db)
  const schema = rows[0]?.schema ?? 'public'
  const target = sql.raw(signature)
  await sql`alter function ${target} set search_path = ${sql.id(schema)}, pg_temp`.execute(db)
  await sql`revoke all on function ${target} from public`.execute(db)
}
