import { globSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Migration } from '../../src/store/index.ts'
import { createTestDatabase } from '../../src/testing/index.ts'
import type { TestDatabase } from '../../src/testing/index.ts'

const root = join(import.meta.dirname, '..', '..')

/** First two digits of a migration's number. */
const planeNumbers: Record<string, string> = {
  store: '01',
  engine: '02',
  governance: '03',
  execution: '04',
  workflow: '05',
  control: '06',
  api: '07',
}

/** Tables that belong to no tenant, each with the reason. */
const withoutTenant: Record<string, string> = {
  schema_migrations: 'the history of the schema',
  schema_migrations_lock: 'the history of the schema',
  executors: 'the processes of the engine, which work for all tenants',
  step_verification_keys: 'public keys by which anybody verifies credentials of steps',
  tenants: 'its own id is the tenant',
}

interface Declared extends Migration {
  readonly path: string
}

/** Every migration of every plane, found where migrations are and not where they are registered. */
async function declaredMigrations(): Promise<Declared[]> {
  const found = new Map<string, Declared>()
  for (const path of globSync('src/**/*migrations.ts', { cwd: root })) {
    const module = (await import(pathToFileURL(join(root, path)).href)) as Record<string, unknown>
    for (const migration of Object.values(module).flatMap((exported) => exported))
      if (isMigration(migration)) found.set(migration.name, { ...migration, path })
  }
  return [...found.values()].toSorted((a, b) => a.name.localeCompare(b.name))
}

function isMigration(value: unknown): value is Migration {
  return typeof value === 'object' && value !== null && 'name' in value && 'up' in value
}

describe('the schema of all planes together', () => {
  let migrations: Declared[]
  let fixture: TestDatabase

  beforeAll(async () => {
    migrations = await declaredMigrations()
    fixture = await createTestDatabase({
      migrations: migrations.filter(({ name }) => !name.startsWith('01')),
    })
  })
  afterAll(() => fixture.close())

  const query = async <T extends object>(statement: string): Promise<T[]> =>
    (await fixture.database.owner.pool.query<T>(statement)).rows

  it('is made by migrations numbered by plane', () => {
    expect(migrations.length).toBeGreaterThan(5)
    for (const { name, path } of migrations) {
      expect(name).toMatch(/^\d{4}-[a-z0-9-]+$/)
      expect(name.slice(0, 2), path).toBe(planeNumbers[path.split('/')[1]!])
    }
  })

  it('names a tenant on every row', async () => {
    const tables = await query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
          and not exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'tenant_id')`,
    )
    expect(tables.map(({ name }) => name).filter((name) => !(name in withoutTenant))).toEqual([])
  })

  it('is under row-level security, for the owner too', async () => {
    const unprotected = await query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
          and not (relrowsecurity and relforcerowsecurity)`,
    )
    expect(unprotected.map(({ name }) => name).filter((name) => !(name in withoutTenant))).toEqual([])
  })

  it('lets the application see rows by the policy of its tenant alone', async () => {
    const policies = await query<{ expression: string }>(
      `select tablename || ': ' || policyname || ' using ' || coalesce(qual, '') as expression from pg_policies
        where schemaname = 'public' and (roles @> '{public}' or roles @> '{atelier_app}')
          and not coalesce(qual, with_check) like '%current_setting(''atelier.tenant_id''%'`,
    )
    expect(policies).toEqual([])
  })

  it('gives no view and no function the rights of its owner without need', async () => {
    const views = await query(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
          and not coalesce(reloptions @> '{security_invoker=true}', false)`,
    )
    expect(views).toEqual([])
    const functions = await query(
      `select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
          and not coalesce(array_to_string(proconfig, ',') like '%search_path=%', false)`,
    )
    expect(functions, 'security definer without a fixed search_path').toEqual([])
  })

  it('gives the roles of the studio nothing that is not bound by row-level security', async () => {
    const grants = await query(
      `select grantee, table_name, privilege_type from information_schema.role_table_grants
        where table_schema = 'public' and grantee in ('atelier_app', 'atelier_system', 'PUBLIC')
          and (privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')
            or table_name in ('schema_migrations', 'schema_migrations_lock'))`,
    )
    expect(grants).toEqual([])
  })
})
