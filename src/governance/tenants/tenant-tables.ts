import type { ClientBase } from 'pg'
import { inReferenceOrder } from '../../store/index.ts'

/** A table that holds rows of tenants. */
export interface TenantTable {
  readonly name: string
  /** Rows may be large each. */
  readonly hasContent: boolean
}

/**
 * Every table with rows of tenants, as the catalogue has them and not as somebody wrote them down: one that refers to
 * another stands before it, so that rows can be deleted in this order.
 */
export async function tenantTables(client: ClientBase): Promise<readonly TenantTable[]> {
  const { rows } = await client.query<TenantTable & { readonly refersTo: readonly string[] }>(`
    select relname as name,
      exists (select from pg_attribute where attrelid = pg_class.oid and atttypid = 'bytea'::regtype) as "hasContent",
      array(select target.relname from pg_constraint join pg_class target on target.oid = confrelid
             where contype = 'f' and conrelid = pg_class.oid and confrelid <> conrelid)::text[] as "refersTo"
    from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r' and not relispartition
      and exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'tenant_id' and not attisdropped)
    order by relname`)
  return inReferenceOrder(rows)
    .toReversed()
    .map(({ name, hasContent }) => ({ name, hasContent }))
}
