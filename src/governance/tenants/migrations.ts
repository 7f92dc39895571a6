import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'

export const tenantMigrations: readonly Migration[] = [
  {
    name: '0340-governance-delete-with-tenant',
    async up(db) {
      // Append-only tables lose rows in one way: with their tenant, by the owner of the tables, who names the tenant.
      // Nobody else holds the privilege to delete, and without row-level security of that tenant nothing is seen.
      await sql`
        create or replace function refuse_change() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE'
            and nullif(current_setting('atelier.deleting_tenant', true), '') = current_setting('atelier.tenant_id', true)
            and pg_has_role(current_user, (select relowner from pg_class where oid = tg_relid), 'usage')
          then
            return null;
          end if;
          raise exception 'rows of % are never changed', tg_table_name using errcode = 'insufficient_privilege';
        end $$`.execute(db)
    },
  },
]
