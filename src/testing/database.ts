import { Client, escapeIdentifier } from 'pg'
import { roleSchema } from '../contracts/index.ts'
import { createId, digestOf } from '../kernel/index.ts'
import type { PrincipalId, TenantId } from '../kernel/index.ts'
import { connect, migrate, roles, storeMigrations } from '../store/index.ts'
import type { Database, DatabaseTarget, EmbeddedServer, Migration, Scope } from '../store/index.ts'
import { askForSharedServer } from './server-offer.ts'
import { administrator, startTestServer } from './shared-server.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly database: Database
  readonly target: DatabaseTarget
  /** Makes a tenant with one principal, a person who holds every role, and returns the scope to work in. */
  createTenant(name?: string): Promise<TenantScope>
  /** Drops the database. */
  close(): Promise<void>
}

export type TenantScope = Extract<Scope, { kind: 'tenant' }>

export interface TestDatabaseOptions {
  /** Of the planes under test; the store's own come first by themselves. */
  readonly migrations?: readonly Migration[]
}

/**
 * A fresh database on a real server. One server serves the whole test run, and databases with the same migrations are
 * copies of one that was migrated once, so that this takes tens of milliseconds. Use it with `await using`, or call
 * `close`.
 */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const migrations = withStoreMigrations(options.migrations ?? [])
  const { url, release } = await acquireServer()
  const name = createId('test').toLowerCase()
  await asAdministrator(url, async (client) => {
    const template = await ensureTemplate(client, url, migrations)
    await createDatabase(client, name, template)
  })
  const target = targetFor(url, name)
  const database = await connect(target)
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await database.close()
    await asAdministrator(url, (client) =>
      client.query(`drop database ${escapeIdentifier(name)} with (force)`),
    )
    await release()
  }
  const closeOnce = (): Promise<void> => (closing ??= close())
  return {
    database,
    target,
    createTenant: (tenantName = 'Test') => createTenant(database, tenantName),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  }
}

function withStoreMigrations(migrations: readonly Migration[]): Migration[] {
  return [...new Set([...storeMigrations, ...migrations])]
}

interface AcquiredServer {
  readonly url: string
  readonly release: () => Promise<void>
}

let own: { readonly server: Promise<EmbeddedServer>; users: number } | undefined

/** The server offered to the test run; elsewhere, in a benchmark, a durable one for as long as it is used. */
async function acquireServer(): Promise<AcquiredServer> {
  const shared = await askForSharedServer()
  if (shared !== undefined) return { url: shared, release: () => Promise.resolve() }
  own ??= { server: startTestServer('durable'), users: 0 }
  const acquired = own
  acquired.users += 1
  const server = await acquired.server
  const release = async (): Promise<void> => {
    acquired.users -= 1
    if (acquired.users > 0) return
    if (own === acquired) own = undefined
    await server.stop()
  }
  return { url: server.urlFor(administrator, 'postgres'), release }
}

async function asAdministrator<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, ssl: false })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Name of a database with these migrations applied, made by whoever comes first. */
async function ensureTemplate(
  client: Client,
  url: string,
  migrations: readonly Migration[],
): Promise<string> {
  const history = migrations.map(({ name, up }) => `${name}\n${up.toString()}`).join('\n')
  const template = `template_${digestOf(history).slice('sha256:'.length, 'sha256:'.length + 16)}`
  await client.query('select pg_advisory_lock(hashtext($1))', [template])
  const { rowCount } = await client.query('select from pg_database where datname = $1', [template])
  if (rowCount === 0) {
    const building = `${template}_building`
    await client.query(`drop database if exists ${escapeIdentifier(building)} with (force)`)
    await createDatabase(client, building, 'template1')
    const database = await connect(targetFor(url, building))
    try {
      await migrate(database, migrations)
    } finally {
      await database.close()
    }
    await client.query(`alter database ${escapeIdentifier(building)} rename to ${escapeIdentifier(template)}`)
  }
  await client.query('select pg_advisory_unlock(hashtext($1))', [template])
  return template
}

async function createDatabase(client: Client, name: string, template: string): Promise<void> {
  const [database, source, owner] = [name, template, roles.owner].map((part) => escapeIdentifier(part))
  await client.query(`create database ${database} template ${source} owner ${owner}`)
}

function targetFor(administratorUrl: string, database: string): DatabaseTarget {
  const urlFor = (role: string): string => {
    const url = new URL(administratorUrl)
    url.username = role
    url.pathname = `/${database}`
    return url.href
  }
  return {
    owner: urlFor(roles.owner),
    application: urlFor(roles.application),
    system: urlFor(roles.system),
  }
}

async function createTenant(database: Database, name: string): Promise<TenantScope> {
  const tenantId = createId('ten') as TenantId
  const principalId = 'person:owner' as PrincipalId
  const scope: TenantScope = { kind: 'tenant', tenantId, principalId }
  await database.transaction({ kind: 'system' }, (tx) =>
    tx.insertInto('tenants').values({ id: tenantId, name }).execute(),
  )
  await database.transaction(scope, async (tx) => {
    await tx
      .insertInto('principals')
      .values({ tenant_id: tenantId, id: principalId, kind: 'person', name: 'Owner' })
      .execute()
    await tx
      .insertInto('principal_roles')
      .values(roleSchema.options.map((role) => ({ tenant_id: tenantId, principal_id: principalId, role })))
      .execute()
  })
  return scope
}
