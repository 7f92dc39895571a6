import { chmodSync, existsSync, mkdirSync, statfsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createStudio, type Studio, type StudioServices } from '../api/index.ts'
import { loadAgents } from '../control/agents/index.ts'
import { contextMigrations, BackgroundIndexer } from '../control/context/index.ts'
import { planTool } from '../control/planning/index.ts'
import { loadRoutingPolicy, routingMigrations } from '../control/routing/index.ts'
import { createEngine, engineMigrations, readDefinition, type Engine } from '../engine/index.ts'
import { RepositoryHost, type SeenRevision } from '../execution/repository/index.ts'
import {
  createNamespaceHost,
  createUnconfinedHost,
  type SandboxHost,
  type SandboxLimits,
} from '../execution/sandbox/index.ts'
import { locateToolchain } from '../execution/testing/index.ts'
import {
  executeTool,
  type ExecutionPlaces,
  prepareTool,
  proposeTool,
  publishTool,
  repairTool,
  reproduceTool,
  ToolRegistry,
  verifyKindTool,
} from '../execution/tools/index.ts'
import { upkeepKinds } from '../execution/upkeep/index.ts'
import {
  createGovernance,
  type Governance,
  governanceMigrations,
  seededIdentities,
  seedIdentities,
  tenantScope,
} from '../governance/index.ts'
import { type Clock, type Logger, systemClock } from '../kernel/index.ts'
import { connect, type Database, migrate, storeMigrations } from '../store/index.ts'
import { deliveryExecutors, intakeTool, reviewTool, verifyTool } from '../workflow/delivery/index.ts'
import type { Configuration } from './configuration.ts'
import { openDatabase } from './database.ts'
import { hostErrors } from './errors.ts'
import { createFileLogger } from './logger.ts'
import { createRecords } from './records.ts'
import { hostRegistries } from './registries.ts'

/** What one run may use up at most. */
const runBudget = { money: 0, tokens: 0, toolCalls: 200, seconds: 4 * 3600 }

const sandboxLimits: SandboxLimits = {
  memoryBytes: 4 * 2 ** 30,
  processes: 512,
  diskBytes: 2 * 2 ** 30,
  outputBytes: 8 * 2 ** 20,
  cpuSeconds: 1800,
}

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
      ...routingMigrations,
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
    const engine = await createWorkplace(
      { configuration, database, governance, repositories, logger, clock: systemClock },
      closers,
    )
    closers.push(() => engine.shutdown())
    if (purpose === 'work' && server.kind !== 'joined')
      await engine.launch({ exclusive: server.kind === 'own' })
    return createStudio({
      ...governance,
      ...(await createRecords({ configuration, database, governance, clock: systemClock }, engine)),
      database,
      engine,
      clock: systemClock,
      workflows: await readWorkflows(configuration),
      runLimits: runBudget,
      openSource: sourceOpener(repositories),
      indexer,
      background: purpose === 'work',
      routing: {
        policy: await loadRoutingPolicy(ownOrShipped(configuration, 'models/routing.yaml')),
        unavailable: () => 'no model is set up',
        view: () => ({ models: [], price: null }),
      },
      close,
    })
  } catch (error) {
    await close()
    throw error
  }
}

interface Parts {
  readonly configuration: Configuration
  readonly database: Database
  readonly governance: Governance
  readonly repositories: RepositoryHost
  readonly logger: Logger
  readonly clock: Clock
}

/** The engine with everything its steps work with. */
async function createWorkplace(parts: Parts, closers: (() => Promise<void>)[]): Promise<Engine> {
  const { configuration, database, governance, repositories, logger, clock } = parts
  const places = await createPlaces(configuration, repositories, logger)
  closers.push(() => places.sandboxes.close())
  const agents = await loadAgents(path.join(configuration.packageRoot, 'agents'))
  const sources = await readWorkflows(configuration)
  const tools = new ToolRegistry()
  tools
    .register(intakeTool())
    .register(
      planTool((kind) => ({
        workflow: readDefinition(sources[kind]).definition,
        agents,
        tools: tools.all,
        runBudget,
      })),
    )
    .register(prepareTool(places))
    .register(executeTool(places))
    .register(reproduceTool(places))
    .register(repairTool(places))
    .register(verifyTool(places))
    .register(reviewTool(repositories))
    .register(publishTool(repositories))
  for (const kind of upkeepKinds)
    tools.register(proposeTool(places, kind)).register(verifyKindTool(places, kind))
  const { door, approvals, policy } = governance
  return createEngine({
    database,
    logger,
    clock,
    executorId: configuration.databaseUrl === undefined ? 'embedded' : `${os.hostname()}-${process.pid}`,
    executors: deliveryExecutors({
      database,
      door,
      approvals,
      policy,
      tools,
      agents,
      isolation: places.isolation,
      logger,
    }),
  })
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

async function createPlaces(
  configuration: Configuration,
  repositories: RepositoryHost,
  logger: Logger,
): Promise<ExecutionPlaces> {
  const sandboxes = await openSandboxes(configuration, logger)
  await sandboxes.reap()
  const registries = once(() => hostRegistries())
  return {
    repositories,
    sandboxes,
    isolation: configuration.sandbox,
    limits: sandboxLimits,
    toolchain: await locateToolchain({
      searchPath: process.env['PATH'] ?? '',
      pinnedNode: process.execPath,
    }),
    registries,
    dependencyCache: path.join(configuration.dataDirectory, 'dependencies'),
  }
}

function openSandboxes({ sandbox, dataDirectory }: Configuration, logger: Logger): Promise<SandboxHost> {
  const options = { stateDirectory: path.join(dataDirectory, 'sandboxes'), logger }
  return sandbox === 'none' ? createUnconfinedHost(options) : createNamespaceHost(options)
}

function policyLocations({ packageRoot }: Configuration): { schemaFile: string; folders: string[] } {
  const policies = path.join(packageRoot, 'policies')
  return { schemaFile: path.join(policies, 'schema.cedarschema'), folders: [policies] }
}

/** A file of the data directory, where its operator put one in place of the shipped file. */
function ownOrShipped({ dataDirectory, packageRoot }: Configuration, file: string): string {
  const own = path.join(dataDirectory, file)
  return existsSync(own) ? own : path.join(packageRoot, file)
}

/** The workflow of each kind of work. */
async function readWorkflows({ packageRoot }: Configuration): Promise<StudioServices['workflows']> {
  const read = (name: string): Promise<string> =>
    readFile(path.join(packageRoot, 'workflows', `${name}.yaml`), 'utf8')
  const [repair, lintFix, format, codemod, dependencyUpdate] = await Promise.all(
    ['deliver', 'lint-fix', 'format', 'codemod', 'dependency-update'].map(read),
  )
  return { repair, 'lint-fix': lintFix, format, codemod, 'dependency-update': dependencyUpdate }
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

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
