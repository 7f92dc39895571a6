import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { roles } from './roles.ts'

type Privilege = 'select' | 'insert' | 'update' | 'delete'

export interface TenantIsolationOptions {
  /** Column that names the tenant; `tenant_id` when absent. */
  readonly column?: string
  /** What the studio may do within one tenant; everything when absent. Leave out update and delete to append only. */
  readonly application?: readonly Privilege[]
  /** What transactions of scope `system` may do across tenants; nothing when absent. */
  readonly system?: readonly Privilege[]
}

/**
 * Puts a table under row-level security, for its owner too: a transaction sees and writes rows of the tenant in whose
 * scope it runs, and without a scope none. Call it in the migration that creates the table. A later migration that has
 * to change rows of every tenant turns it off for its own transaction with `alter table … no force row level security`
 * and on again before it ends.
 */
export async function enableTenantIsolation(
  db: Kysely<unknown>,
  table: string,
  options: TenantIsolationOptions = {},
): Promise<void> {
  const { column = 'tenant_id', application = everything, system = [] } = options
  const target = sql.table(table)
  // A sub-select is evaluated once per statement, and not once per row.
  const own = sql`${sql.ref(column)} = (select nullif(current_setting('atelier.tenant_id', true), ''))`
  await sql`alter table ${target} enable row level security`.execute(db)
  await sql`alter table ${target} force row level security`.execute(db)
  await sql`create policy tenant_isolation on ${target} using (${own}) with check (${own})`.execute(db)
  await grant(db, table, application, roles.application)
  if (system.length === 0) return
  await sql`create policy system_access on ${target} to ${sql.id(roles.system)} using (true) with check (true)`.execute(
    db,
  )
  await grant(db, table, system, roles.system)
}

const everything: readonly Privilege[] = ['select', 'insert', 'update', 'delete']

async function grant(
  db: Kysely<unknown>,
  table: string,
  privileges: readonly Privilege[],
  role: string,
): Promise<void> {
  const list = sql.join(privileges.map((privilege) => sql.raw(privilege)))
  await sql`grant ${list} on ${sql.table(table)} to ${sql.id(role)}`.execute(db)
}
