import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueApiToken } from '../../src/governance/credentials/index.ts'
import {
  registerPrincipal,
  seededIdentities,
  seedIdentities,
  tenantScope,
} from '../../src/governance/index.ts'
import { seedTenant } from '../../src/governance/identity/index.ts'
import { type PrincipalId, silentLogger, type TenantId } from '../../src/kernel/index.ts'
import { readConfiguration } from '../../src/main/configuration.ts'
import { makeDataDirectory } from '../../src/main/data-directory.ts'
import { openDatabase } from '../../src/main/database.ts'
import { allMigrations } from '../../src/main/schema.ts'
import { connect, type Database, type DatabaseTarget, migrate } from '../../src/store/index.ts'
import { writeHistory } from './history.ts'

/** A studio that is served by a process of its own over a database with a history. */
export interface Installation extends AsyncDisposable {
  readonly target: DatabaseTarget
  readonly database: Database
  /** The tenant that is measured; the others are there to be kept out. */
  readonly tenantId: TenantId
  readonly url: string
  /** Of the server, to see what it uses. */
  readonly pid: number
  /** Signs the owner in, once. */
  readonly ownerLink: string
  /** `Authorization` of many people, each with the roles to see everything. */
  readonly authorizations: readonly string[]
  /** Seconds that writing the history took. */
  readonly filledIn: number
}

const hour = 3_600_000
/** Share of the runs that the measured tenant has; the others have the rest in equal parts. */
const share = 0.8
const others = 3

export async function openInstallation(size: {
  readonly runs: number
  readonly people: number
}): Promise<Installation> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'atelier-bench-'))
    closers.push(() => rm(dataDirectory, { recursive: true, force: true }))
    makeDataDirectory(dataDirectory)
    const server = await openDatabase(readConfiguration({ dataDirectory }, {}), 'look', silentLogger)
    closers.push(() => server.close())
    const database = await connect(server.target)
    closers.push(() => database.close())
    await migrate(database, allMigrations)
    await seedIdentities(database)
    const { tenant } = seededIdentities
    const names = Array.from({ length: size.people }, (_, index) => `person:member-${index}` as PrincipalId)
    const authorizations = await register(database, tenant, names)
    const begun = performance.now()
    await writeHistory({
      url: server.target.owner,
      tenants: [
        { id: tenant, requesters: names, runs: Math.ceil(size.runs * share) },
        ...(await otherTenants(database, Math.ceil((size.runs * (1 - share)) / others))),
      ],
    })
    const filledIn = (performance.now() - begun) / 1000
    const child = fork(join(import.meta.dirname, 'serve.ts'), [dataDirectory])
    closers.push(() => end(child))
    const { url, ownerLink } = await told<{ url: string; ownerLink: string }>(child)
    const { target } = server
    return {
      ...{ target, database, url, ownerLink, authorizations, filledIn },
      tenantId: tenant,
      pid: child.pid ?? 0,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function register(
  database: Database,
  tenantId: TenantId,
  names: readonly PrincipalId[],
): Promise<string[]> {
  const scope = tenantScope(tenantId, seededIdentities.owner)
  return database.transaction(scope, async (tx) => {
    const authorizations = []
    for (const id of names) {
      await registerPrincipal(tx, tenantId, { id, kind: 'person', name: id, roles: ['owner'] })
      const { token } = await issueApiToken(tx, {
        ...{ tenantId, principalId: id, name: 'bench', scopes: ['read'], createdBy: id },
        lifetimeMs: 24 * hour,
      })
      authorizations.push(`Bearer ${token}`)
    }
    return authorizations
  })
}

async function otherTenants(database: Database, runs: number) {
  const ids = Array.from({ length: others }, (_, index) => `other-${index}` as TenantId)
  for (const id of ids) {
    await database.transaction({ kind: 'system' }, (tx) =>
      tx.insertInto('tenants').values({ id, name: id }).execute(),
    )
    await seedTenant(database, id)
  }
  return ids.map((id) => ({ id, requesters: [seededIdentities.owner], runs }))
}

/** The next message of a process. */
export async function told<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  const exit = once(child, 'exit', { signal: ended.signal }).then(
    ([code]) => Promise.reject(new Error(`a process of the benchmark ended with ${String(code)}`)),
    () => undefined,
  )
  const [message] = (await Promise.race([once(child, 'message'), exit])) as [T]
  ended.abort()
  return message
}

/** Processes of the benchmark end when nobody holds the other end of their channel. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  if (child.connected) child.disconnect()
  await exit
}
