import type { Database } from '../database.ts'
import { storeErrors } from '../errors.ts'
import { appliedMigrations, type Migration } from '../migrate.ts'

/**
 * Makes sure that a database has the schema of this version, no older and no newer one.
 * @throws ATL_STORE_MOVE_NOTHING, ATL_STORE_MOVE_OUTDATED, ATL_STORE_SCHEMA_NEWER
 */
export async function refuseOtherSchema(source: Database, migrations: readonly Migration[]): Promise<void> {
  const applied = await appliedMigrations(source.owner.kysely)
  if (applied.length === 0) throw storeErrors.MOVE_NOTHING()
  const known = new Set(migrations.map(({ name }) => name))
  const unknown = applied.filter((name) => !known.has(name))
  if (unknown.length > 0) throw storeErrors.SCHEMA_NEWER({ detail: unknown.join(', '), details: { unknown } })
  const missing = [...known].filter((name) => !applied.includes(name))
  if (missing.length > 0)
    throw storeErrors.MOVE_OUTDATED({ detail: `it lacks ${missing.join(', ')}`, details: { missing } })
}

/**
 * Makes sure that a database has no tables but the studio's, before the studio makes its own there.
 * @throws ATL_STORE_MOVE_OCCUPIED
 */
export async function refuseStrangers(target: Database): Promise<void> {
  if ((await appliedMigrations(target.owner.kysely)).length > 0) return
  const { rows } = await target.owner.pool.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not exists (
       select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')
     order by relname limit 5`,
  )
  const tables = rows.map(({ name }) => name)
  if (tables.length > 0)
    throw storeErrors.MOVE_OCCUPIED({ detail: `it has other tables: ${tables.join(', ')}` })
}
