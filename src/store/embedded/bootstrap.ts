import { Client, escapeIdentifier } from 'pg'
import { embeddedServerErrors } from '../errors.ts'
import { roles } from '../roles.ts'
import { databaseName } from './configuration.ts'

/**
 * Creates what of the studio's roles and database is missing. Every role logs in directly, so that a connection of the
 * application has no stronger role to go back to with `SET ROLE` or `RESET ROLE`.
 */
export async function bootstrap(superuserUrl: string): Promise<void> {
  const client = new Client({ connectionString: superuserUrl, ssl: false })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ name: string }>(
      'select rolname as name from pg_roles union all select datname from pg_database',
    )
    const existing = new Set(rows.map(({ name }) => name))
    for (const role of Object.values(roles)) {
      if (existing.has(role)) continue
      await client.query(`create role ${escapeIdentifier(role)} login nosuperuser nobypassrls noinherit`)
    }
    if (!existing.has(databaseName))
      await client.query(
        `create database ${escapeIdentifier(databaseName)} owner ${escapeIdentifier(roles.owner)}`,
      )
  } catch (cause) {
    throw embeddedServerErrors.START_FAILED({ detail: 'its roles and database could not be created', cause })
  } finally {
    await client.end().catch(() => undefined)
  }
}
