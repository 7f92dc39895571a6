import os from 'node:os'
import path from 'node:path'
import { readFile } from 'node:fs/promises'
import type { ToolContext, WorkKind } from '../contracts/index.ts'
import { type Agent, loadAgents } from '../control/agents/index.ts'
import { type BackgroundIndexer, createRunCode, type RunCode } from '../control/context/index.ts'
import { planTool } from '../control/planning/index.ts'
import { routingTool } from '../control/routing/index.ts'
import { definitionOfRun } from '../control/workflows/index.ts'
import { createEngine, type Engine } from '../engine/index.ts'
import { type AgentTool, developmentTools, WorkspaceSessions } from '../execution/development/index.ts'
import type { McpServers } from '../execution/mcp/index.ts'
import type { RepositoryHost } from '../execution/repository/index.ts'
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
  codeAccess,
  findPrincipal,
  type Governance,
  registerPrincipal,
  seededIdentities,
  tenantScope,
} from '../governance/index.ts'
import type { Clock, Logger, PrincipalId } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'
import {
  deliveryExecutors,
  intakeTool,
  reviewTool,
  selectTool,
  verifyTool,
} from '../workflow/delivery/index.ts'
import { openCodingAgents } from './coding-agents.ts'
import type { Configuration } from './configuration.ts'
import type { ModelPlane } from './model-plane.ts'
import { openMcpServers, registerMcpTools, type StepIssuer } from './mcp.ts'
import { hostRegistries } from './registries.ts'

export interface WorkplaceParts {
  readonly configuration: Configuration
  readonly database: Database
  readonly governance: Governance
  readonly repositories: RepositoryHost
  readonly indexer: BackgroundIndexer
  readonly models: ModelPlane
  readonly identity: StepIssuer
  readonly logger: Logger
  readonly clock: Clock
}

/** What one run may use up at most; money is in millionths of the currency. */
export const runBudget = { money: 10_000_000, tokens: 5_000_000, toolCalls: 1000, seconds: 8 * 3600 }

/** What one person or service may ask of models on one day in one project, where nobody has set it for them. */
export const modelUseLimits = { money: 20_000_000, tokens: 50_000_000 }

const sandboxLimits: SandboxLimits = {
  memoryBytes: 4 * 2 ** 30,
  processes: 512,
  diskBytes: 2 * 2 ** 30,
  outputBytes: 8 * 2 ** 20,
  cpuSeconds: 1800,
}

export interface Workplace {
  readonly engine: Engine
  readonly mcp: McpServers
  readonly agents: ReadonlyMap<string, Agent>
  readonly tools: ToolRegistry['all']
  /** Ends what was kept warm for a run. */
  readonly releaseRun: (run: Pick<ToolContext, 'tenantId' | 'runId'>) => Promise<void>
}

/** The engine with everything its steps work with. */
export async function createWorkplace(
  parts: WorkplaceParts,
  closers: (() => Promise<void>)[],
): Promise<Workplace> {
  const { configuration, database, governance, repositories, models, logger, clock } = parts
  const places = await createPlaces(configuration, repositories, logger)
  closers.push(() => places.sandboxes.close())
  const sessions = new WorkspaceSessions(places)
  closers.push(() => sessions.close())
  const agents = await loadAgents(
    path.join(configuration.packageRoot, 'agents'),
    path.join(configuration.dataDirectory, 'agents'),
  )
  await registerAgents(database, agents)
  const runCode = codeOfRuns(parts)
  const tools = registerTools(parts, { places, agents, runCode })
  const development = developmentTools({ execution: places, sessions, codeSearch: runCode.search })
  for (const tool of Object.values<AgentTool>(development)) tools.register(tool)
  const mcp = await openMcpServers(configuration, places, parts)
  closers.push(() => mcp.close())
  await registerMcpTools(mcp, tools, logger)
  const { door, approvals, policy, ledger } = governance
  const engine = createEngine({
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
      models: models.gateway,
      codingAgents: openCodingAgents(
        {
          execution: places,
          gateway: models.gateway,
          database,
          audit: governance.audit,
          logger,
          dataDirectory: configuration.dataDirectory,
        },
        closers,
      ),
      ledger,
      isolation: places.isolation,
      clock,
      logger,
    }),
  })
  return {
    engine,
    mcp,
    agents,
    tools: tools.all,
    releaseRun: async (run) => {
      await Promise.all([sessions.release(run), mcp.release(run)])
    },
  }
}

function registerTools(
  { database, repositories, models }: WorkplaceParts,
  {
    places,
    agents,
    runCode,
  }: {
    readonly places: ExecutionPlaces
    readonly agents: ReadonlyMap<string, Agent>
    readonly runCode: RunCode
  },
): ToolRegistry {
  const { policy, unavailable } = models.routing
  const tools = new ToolRegistry()
  tools
    .register(intakeTool())
    .register(
      planTool(async ({ tenantId, runId, principal }) => ({
        workflow: await database.transaction(tenantScope(tenantId, principal.id), (tx) =>
          definitionOfRun(tx, tenantId, runId),
        ),
        agents,
        tools: tools.all,
        runBudget,
      })),
    )
    .register(routingTool({ database, policy, unavailable }))
    .register(prepareTool(places))
    .register(executeTool(places))
    .register(reproduceTool(places))
    .register(repairTool(places))
    .register(runCode.assemble)
    .register(verifyTool(places))
    .register(selectTool(places))
    .register(reviewTool(repositories))
    .register(publishTool(repositories))
  for (const kind of upkeepKinds)
    tools.register(proposeTool(places, kind)).register(verifyKindTool(places, kind))
  return tools
}

/** Every agent is a principal: what it does, it does under its own name. */
export async function registerAgents(
  database: Database,
  agents: ReadonlyMap<string, Agent>,
  tenant = seededIdentities.tenant,
): Promise<void> {
  await database.transaction(tenantScope(tenant, seededIdentities.owner), async (tx) => {
    for (const name of agents.keys())
      await registerPrincipal(tx, tenant, {
        id: `agent:${name}` as PrincipalId,
        kind: 'agent',
        name,
        roles: [],
      })
  })
}

function codeOfRuns({ database, governance, repositories, indexer }: WorkplaceParts): RunCode {
  return createRunCode({
    database,
    indexer,
    openSource: (tenantId, location) => repositories.open({ tenantId, location }),
    readerOf: async (principal, location) => {
      const { tenantId, onBehalfOf } = principal
      const person =
        onBehalfOf &&
        (await database.transaction(tenantScope(tenantId, principal.id), (tx) =>
          findPrincipal(tx, tenantId, onBehalfOf),
        ))
      return codeAccess(governance.policy, person ?? principal, { location, trusted: false })
    },
  })
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

/** The shipped workflow of each kind of work. */
export async function readWorkflows({
  packageRoot,
}: Configuration): Promise<Readonly<Record<WorkKind, string>>> {
  const read = (name: string): Promise<string> =>
    readFile(path.join(packageRoot, 'workflows', `${name}.yaml`), 'utf8')
  const [repair, lintFix, format, codemod, dependencyUpdate] = await Promise.all([
    read('deliver'),
    read('lint-fix'),
    read('format'),
    read('codemod'),
    read('dependency-update'),
  ])
  return { repair, 'lint-fix': lintFix, format, codemod, 'dependency-update': dependencyUpdate }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
