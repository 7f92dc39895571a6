import { chmodSync, mkdirSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { createStudio, type Studio, type StudioServices } from '../api/index.ts'
import { BackgroundIndexer, contextMigrations } from '../control/context/index.ts'
import { modelMigrations } from '../control/models/index.ts'
import { routingMigrations } from '../control/routing/index.ts'
import { engineMigrations } from '../engine/index.ts'
import { mcpMigrations } from '../execution/mcp/index.ts'
import { RepositoryHost, type SeenRevision } from '../execution/repository/index.ts'
import {
  createGovernance,
  governanceMigrations,
  seededIdentities,
  seedIdentities,
  tenantScope,
} from '../governance/index.ts'
import { systemClock } from '../kernel/index.ts'
import { connect, migrate, storeMigrations } from '../store/index.ts'
import type { Configuration } from './configuration.ts'
import { openDatabase } from './database.ts'
import { hostErrors } from './errors.ts'
import { createFileLogger } from './logger.ts'
import { openModelPlane } from './model-plane.ts'
import { createRecords } from './records.ts'
import { createWorkplace, readWorkflows, runBudget } from './workplace.ts'

/**
 * Puts the studio together on this machine. `work` executes steps in this process; `look` only reads and records
 * commands, and joins a studio that runs in another process.
 */
export async function openStudio(configuration: Configuration, purpose: 'work' | 'look'): Promise<Studio> {
  const { dataDirectory } = configuration
  makeDataDirectory(dataDirectory)
  const logger = createFileLogger(dataDirectory)
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const server = await openDatabase(configuration, logger)
    closers.push(() => server.close())
    const database = await connect(server.target, { logger })
    closers.push(() => database.close())
    await migrate(database, [
      ...storeMigrations,
      ...engineMigrations,
      ...governanceMigrations,
      ...contextMigrations,
      ...modelMigrations,
      ...routingMigrations,
      ...mcpMigrations,
    ])
    await seedIdentities(database)
    const governance = await createGovernance({
      database,
      clock: systemClock,
      policies: policyLocations(configuration),
      directory: dataDirectory,
      osUid: process.getuid?.() ?? null,
    })
    const indexer = new BackgroundIndexer({
      database,
      logger: logger.child({ component: 'indexer' }),
      retention: configuration.indexRetention,
    })
    const repositories = openRepositories(configuration, closers, (seen) => {
      if (purpose === 'work') followRevision(indexer, seen)
    })
    closers.push(() => indexer.close())
    const { door } = governance
    const models = await openModelPlane(configuration, { door, database, clock: systemClock, logger })
    closers.push(() => models.gateway.close())
    const workflows = await readWorkflows(configuration)
    const parts = { configuration, database, governance, repositories, indexer, models, workflows, logger }
    const workplace = await createWorkplace({ ...parts, clock: systemClock }, closers)
    const { engine, mcp } = workplace
    closers.push(() => engine.shutdown())
    if (purpose === 'work' && server.kind !== 'joined')
      await engine.launch({ exclusive: server.kind === 'own' })
    return createStudio({
      ...governance,
      ...(await createRecords({ configuration, database, governance, clock: systemClock }, engine)),
      database,
      engine,
      clock: systemClock,
      workflows,
      runLimits: runBudget,
      openSource: sourceOpener(repositories),
      indexer,
      background: purpose === 'work',
      routing: models.routing,
      mcp,
      releaseRun: (run) => workplace.releaseRun(run),
      logger,
      close,
    })
  } catch (error) {
    await close()
    throw error
  }
}

function openRepositories(
  { dataDirectory }: Configuration,
  closers: (() => Promise<void>)[],
  onRevision: (seen: SeenRevision) => void,
): RepositoryHost {
  const repositories = new RepositoryHost({
    onRevision,
    stateDirectory: path.join(dataDirectory, 'repositories'),
    workingDirectory: process.cwd(),
    environment: process.env,
  })
  closers.push(() => {
    repositories.close()
    return Promise.resolve()
  })
  return repositories
}

/** Has every commit indexed that the studio works on or publishes, while the work goes on. */
function followRevision(indexer: BackgroundIndexer, { tenantId, repository, revision }: SeenRevision): void {
  indexer.request(tenantScope(tenantId, seededIdentities.owner), { source: repository, revision })
}

function sourceOpener(repositories: RepositoryHost): StudioServices['openSource'] {
  return async (place) => {
    const { repository, base, notes } = await repositories.import({
      tenantId: seededIdentities.tenant,
      ...place,
    })
    return { source: repository, revision: base, notes }
  }
}

function policyLocations({ packageRoot }: Configuration): { schemaFile: string; folders: string[] } {
  const policies = path.join(packageRoot, 'policies')
  return { schemaFile: path.join(policies, 'schema.cedarschema'), folders: [policies] }
}

/** Bytes without which a database server cannot even write down that it stops. */
const leastDisk = 64 * 2 ** 20

/** Others may pass through, since database and sandboxes run as an account of their own under root, but not look around. */
function makeDataDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o711 })
  if (process.getuid?.() === 0) {
    chmodSync(directory, 0o711)
    // What these accounts read is readable whatever root's umask says; what is private carries a mode of its own.
    process.umask(0o022)
  }
  const { bavail, bsize } = statfsSync(directory)
  if (bavail * bsize >= leastDisk) return
  const free = Math.floor((bavail * bsize) / 2 ** 20)
  throw hostErrors.DISK_FULL({
    detail: `${free} MiB are free in ${directory}, ${leastDisk / 2 ** 20} are needed`,
  })
}
