import path from 'node:path'
import type { StudioServices } from '../api/index.ts'
import { BackgroundIndexer, defaultRetention } from '../control/context/index.ts'
import { createWorkflows } from '../control/workflows/index.ts'
import { RepositoryHost, type SeenRevision } from '../execution/repository/index.ts'
import { createGovernance, seededIdentities, seedIdentities, tenantScope } from '../governance/index.ts'
import { loadPolicies } from '../governance/policy/index.ts'
import { type Logger, systemClock } from '../kernel/index.ts'
import { connect, migrate } from '../store/index.ts'
import { type Configuration, policyLocations } from './configuration.ts'
import { checkHost } from './host-checks.ts'
import type { OpenDatabase } from './database.ts'
import { openIdentityPlane } from './identity-plane.ts'
import { allMigrations } from './schema.ts'
import { openModelPlane } from './model-plane.ts'
import { createRecords } from './records.ts'
import { openSample } from './sample.ts'
import { createWorkplace, modelUseLimits, readWorkflows, runBudget } from './workplace.ts'

/** What was begun before the parts of the studio were loaded. */
export interface OpeningStudio {
  readonly purpose: 'work' | 'look'
  readonly logger: Logger
  /** Its failure is the failure of assembling. */
  readonly server: Promise<OpenDatabase>
}

/** Puts the studio together on this machine, see `assembleStudio`. */
export async function assembleParts(
  configuration: Configuration,
  { purpose, logger, server: opening }: OpeningStudio,
): Promise<StudioServices> {
  const { dataDirectory } = configuration
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const policies = await loadPolicies(policyLocations(configuration))
    const server = await opening
    closers.push(() => server.close())
    const database = await connect(server.target, { logger })
    closers.push(() => database.close())
    await migrate(database, allMigrations)
    await seedIdentities(database)
    const governance = await createGovernance({
      database,
      clock: systemClock,
      policies,
      directory: dataDirectory,
      osUid: process.getuid?.() ?? null,
      logger,
    })
    closers.push(stopping(governance.ownPolicies.follow()))
    const indexer = new BackgroundIndexer({
      database,
      logger: logger.child({ component: 'indexer' }),
      retention: {
        commits: configuration.indexRetention.commits ?? defaultRetention.commits,
        days: configuration.indexRetention.days ?? defaultRetention.days,
      },
    })
    const repositories = openRepositories(configuration, closers, (seen) => {
      if (purpose === 'work') followRevision(indexer, seen)
    })
    closers.push(() => indexer.close())
    const { door } = governance
    const identity = await openIdentityPlane(configuration, {
      database,
      governance,
      repositories,
      clock: systemClock,
      logger,
    })
    const models = await openModelPlane(configuration, { door, database, clock: systemClock, logger })
    closers.push(() => models.gateway.close())
    const shipped = await readWorkflows(configuration)
    const parts = { configuration, database, governance, repositories, indexer, models, identity, logger }
    const workplace = await createWorkplace({ ...parts, clock: systemClock }, closers)
    const { engine, mcp, agents, tools, releaseRun } = workplace
    closers.push(() => engine.shutdown())
    if (purpose === 'work' && !server.othersWork) await engine.launch({ exclusive: server.kind === 'own' })
    return {
      ...governance,
      ...(await createRecords({ configuration, database, governance, clock: systemClock }, engine)),
      database,
      engine,
      clock: systemClock,
      workflows: createWorkflows({
        database,
        clock: systemClock,
        administration: governance.administration,
        shipped,
        surroundings: () => ({ agents, tools, runBudget }),
      }),
      agents,
      tools,
      models: models.gateway,
      checkHost: () => checkHost(configuration),
      policyTests: path.join(configuration.packageRoot, 'policies', 'tests'),
      runLimits: runBudget,
      modelUseLimits,
      prepareSample: () => openSample(configuration.packageRoot, dataDirectory),
      repositories: {
        identify: (location) => repositories.identify(location),
        readFile: async (place, tree, path) => (await repositories.open(place)).readFile(tree, path),
      },
      code: { openSource: sourceOpener(repositories), indexer, background: purpose === 'work' },
      routing: models.routing,
      mcp,
      releaseRun,
      identity,
      logger,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function stopping(stop: () => void): () => Promise<void> {
  return () => {
    stop()
    return Promise.resolve()
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
  closers.push(
    stopping(() => {
      repositories.close()
    }),
  )
  return repositories
}

/** Has every commit indexed that the studio works on or publishes, while the work goes on. */
function followRevision(indexer: BackgroundIndexer, { tenantId, repository, revision }: SeenRevision): void {
  indexer.request(tenantScope(tenantId, seededIdentities.owner), { source: repository, revision })
}

function sourceOpener(repositories: RepositoryHost): StudioServices['code']['openSource'] {
  return async (tenantId, place) => {
    const { repository, base, notes } = await repositories.import({ tenantId, ...place })
    return { source: repository, revision: base, notes }
  }
}
