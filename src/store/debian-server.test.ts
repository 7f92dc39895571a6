import { existsSync, mkdtempSync, chmodSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrincipalId, TenantId } from '../kernel/index.ts'
import { connect, getBlob, migrate, putBlob, startEmbeddedServer, storeMigrations } from './index.ts'
import type { Database, EmbeddedServer, Scope } from './index.ts'

const root = '/usr/lib/postgresql'
const version = existsSync(root)
  ? readdirSync(root).find((name) => existsSync(join(root, name, 'bin')))
  : undefined
const reason = version === undefined ? ' (skipped: apt-get install postgresql has not been run)' : ''

/** A server that is not ours, reached as with DATABASE_URL: one address, of somebody who owns the database. */
describe.skipIf(version === undefined)(`the PostgreSQL server of Debian${reason}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'atelier-debian-'))
  let server: EmbeddedServer
  let database: Database

  beforeAll(async () => {
    chmodSync(directory, 0o755)
    server = await startEmbeddedServer({ directory, binDirectory: join(root, version!, 'bin') })
    const url = new URL(server.urlFor('atelier_admin'))
    database = await connect({ owner: url.href })
    await migrate(database, storeMigrations)
  })
  afterAll(async () => {
    await database.close()
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  it('serves the studio and keeps tenants apart', async () => {
    const [ours, theirs] = ['ten_ours', 'ten_theirs'].map((id): Extract<Scope, { kind: 'tenant' }> => ({
      kind: 'tenant',
      tenantId: id as TenantId,
      principalId: 'person:owner' as PrincipalId,
    }))
    for (const { tenantId } of [ours!, theirs!])
      await database.transaction({ kind: 'system' }, (tx) =>
        tx.insertInto('tenants').values({ id: tenantId, name: tenantId }).execute(),
      )
    const digest = await database.transaction(ours!, (tx) => putBlob(tx, ours!.tenantId, 'ours'))
    const read = (scope: typeof ours) =>
      database.transaction(scope!, (tx) => getBlob(tx, ours!.tenantId, digest))
    expect(await read(ours)).toMatchObject({ mediaType: 'application/octet-stream' })
    expect(await read(theirs)).toBeUndefined()
  })

  it('is refused when it is older than the studio needs', async () => {
    await database.owner.pool.query(
      `create schema old;
       create function old.current_setting(text) returns text language sql as $$ select '140011' $$`,
    )
    const url = new URL(server.urlFor('atelier_admin'))
    url.searchParams.set('options', '-c search_path=old,pg_catalog')
    await expect(connect({ owner: url.href })).rejects.toMatchObject({ code: 'ATL_STORE_SERVER_TOO_OLD' })
  })
})
