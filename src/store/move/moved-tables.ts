import type { ClientBase } from 'pg'
import { inReferenceOrder } from '../reference-order.ts'

/** A table whose rows are moved. All names are quoted where they have to be. */
export interface MovedTable {
  /** With its schema, unless that is the studio's own. */
  readonly name: string
  /** Those that are written, and not computed from others. */
  readonly columns: readonly string[]
  /** Columns that a sequence numbers; as they are, not quoted. */
  readonly numbered: readonly string[]
  /** Names the tenant of a row: the table of tenants does so by its key. */
  readonly tenantColumn: string
  /** Whether row-level security binds the connected user. */
  readonly isFiltered: boolean
}

/** A schema of a library, which keeps the history of its migrations in a table there. */
export interface LibrarySchema {
  readonly schema: string
  readonly history: string
}

/** What migrations write about themselves is there already where they have been applied. */
const history = ['schema_migrations', 'schema_migrations_lock']

/**
 * Every table with rows of the studio, as the catalogue has them and not as somebody wrote them down: those that others
 * refer to come first, so that no row is written before what it refers to.
 */
export async function movedTables(
  client: ClientBase,
  libraries: readonly LibrarySchema[],
): Promise<readonly MovedTable[]> {
  const { rows } = await client.query<MovedTable & { readonly refersTo: readonly string[] }>(
    `with named as (
       select class.oid, row_security_active(class.oid) as filtered,
         case when nspname = current_schema() then quote_ident(relname) else format('%I.%I', nspname, relname) end as name
       from pg_class class join pg_namespace on pg_namespace.oid = relnamespace
       where relkind in ('r', 'p') and (nspname = current_schema() or nspname = any($1))
         and not exists (select from pg_depend
           where classid = 'pg_class'::regclass and objid = class.oid and deptype = 'e')
     )
     select name, filtered as "isFiltered",
       case when exists (select from pg_attribute where attrelid = oid and attname = 'tenant_id')
         then 'tenant_id' else 'id' end as "tenantColumn",
       array(select quote_ident(attname) from pg_attribute
             where attrelid = oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum) as columns,
       array(select attname::text from pg_attribute where attrelid = oid and attidentity <> '') as numbered,
       array(select target.name from pg_constraint join named target on target.oid = confrelid
             where contype = 'f' and conrelid = named.oid) as "refersTo"
     from named where name <> all($2) order by name`,
    [
      libraries.map(({ schema }) => schema),
      [...history, ...libraries.map((library) => `${library.schema}.${library.history}`)],
    ],
  )
  return inReferenceOrder(rows)
}
