import type { AuditLog } from '../governance/audit/index.ts'
import { createSignInLink, hasSignedIn } from '../governance/credentials/index.ts'
import { createGovernance, seededIdentities, seedIdentities, tenantScope } from '../governance/index.ts'
import { systemClock } from '../kernel/index.ts'
import { connect, type Database, migrate } from '../store/index.ts'
import { type Configuration, localUrl, policyLocations } from './configuration.ts'
import { makeDataDirectory } from './data-directory.ts'
import { openDatabase } from './database.ts'
import { createFileLogger } from './logger.ts'
import { allMigrations } from './schema.ts'

/**
 * A link that signs the owner of the installation in, once. Whoever can run this owns the data directory, and so the
 * studio; the audit log says which account of the operating system it was.
 */
export async function makeOwnerLink(configuration: Configuration): Promise<string> {
  const { dataDirectory, publicUrl } = configuration
  makeDataDirectory(dataDirectory)
  const logger = createFileLogger(dataDirectory)
  const server = await openDatabase(configuration, 'look', logger)
  const database = await connect(server.target, { logger })
  try {
    await migrate(database, allMigrations)
    await seedIdentities(database)
    const { audit } = await createGovernance({
      database,
      clock: systemClock,
      policies: policyLocations(configuration),
      directory: dataDirectory,
      osUid: process.getuid?.() ?? null,
    })
    return await recordOwnerLink({ database, audit, url: publicUrl ?? localUrl })
  } finally {
    await database.close()
    await server.close()
  }
}

/** Makes the link in a studio that is open, and puts it on record. */
async function recordOwnerLink({
  database,
  audit,
  url,
}: {
  readonly database: Database
  readonly audit: AuditLog
  readonly url: string
}): Promise<string> {
  const { tenant: tenantId, owner } = seededIdentities
  const code = await database.transaction(tenantScope(tenantId, owner), async (tx) => {
    const made = await createSignInLink(tx, tenantId, owner)
    await audit.append(tx, {
      tenantId,
      principalId: owner,
      onBehalfOf: null,
      action: 'make-owner-link',
      resource: `directory:${tenantId}`,
      outcome: 'succeeded',
      policies: [],
      policySet: null,
      digests: {},
      runId: null,
      actKey: null,
      detail: {},
    })
    return made
  })
  return `${url}/auth/first/${code}`
}

/** A link where the owner has never signed in; whoever comes later is signed in already, or asks for one. */
export async function firstOwnerLink(sources: Parameters<typeof recordOwnerLink>[0]): Promise<string | null> {
  const { tenant, owner } = seededIdentities
  const known = await sources.database.transaction(tenantScope(tenant, owner), (tx) =>
    hasSignedIn(tx, tenant, owner),
  )
  return known ? null : recordOwnerLink(sources)
}
