import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { AtelierError } from '../kernel/index.ts'
import type { Database } from './database.ts'
import { storeErrors } from './errors.ts'
import { translateFailure } from './failures.ts'

/** One step of the schema's history. */
export interface Migration {
  /** Number, plane and subject, for example `0200-engine-runs`; never changed once released. */
  readonly name: string
  readonly up: (db: Kysely<unknown>) => Promise<void>
}

/**
 * Brings the schema up to date in one transaction under an advisory lock, so that processes which start at the same
 * time wait for one another and a failure leaves nothing half done. Returns the names of what was applied.
 * @throws ATL_STORE_SCHEMA_NEWER when something was applied that this version does not know; ATL_STORE_MIGRATION_FAILED.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  const { kysely } = database.owner
  const known = Object.fromEntries(migrations.map((migration) => [migration.name, migration]))
  if (Object.keys(known).length !== migrations.length) throw new Error('two migrations have the same name')
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: () => Promise.resolve(known) },
    migrationTableName: 'schema_migrations',
    migrationLockTableName: 'schema_migrations_lock',
    // Each plane numbers its own migrations, so a lower number may be newer.
    allowUnorderedMigrations: true,
  })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error !== undefined) {
    await refuseNewerSchema(kysely, known)
    const failed = results.find(({ status }) => status === 'Error')?.migrationName
    throw asMigrationFailure(error, failed)
  }
  return results.map(({ migrationName }) => migrationName)
}

async function refuseNewerSchema(kysely: Kysely<unknown>, known: Record<string, Migration>): Promise<void> {
  const applied = await appliedMigrations(kysely).catch(() => [])
  const unknown = applied.filter((name) => !(name in known))
  if (unknown.length > 0) throw storeErrors.SCHEMA_NEWER({ detail: unknown.join(', '), details: { unknown } })
}

/** Names of what was applied to a database, in their order; none where it has no schema yet. */
export async function appliedMigrations(kysely: Kysely<unknown>): Promise<string[]> {
  const { rows } = await sql<{ exists: boolean }>`
    select to_regclass('schema_migrations') is not null as exists`.execute(kysely)
  if (rows[0]?.exists !== true) return []
  const applied = await kysely
    .$extendTables<{ schema_migrations: { name: string } }>()
    .selectFrom('schema_migrations')
    .select('name')
    .orderBy('name')
    .execute()
  return applied.map(({ name }) => name)
}

function asMigrationFailure(error: unknown, migration: string | undefined): AtelierError {
  const failure = translateFailure(error)
  if (failure instanceof AtelierError && failure.code !== storeErrors.FORBIDDEN.code) return failure
  const reason = error instanceof Error ? error.message : String(error)
  const detail = migration === undefined ? reason : `${migration}: ${reason}`
  return storeErrors.MIGRATION_FAILED({ detail, cause: error })
}
