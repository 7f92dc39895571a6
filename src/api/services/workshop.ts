import { z } from 'zod'
import type { Caller, EffectClass, Tool } from '../../contracts/index.ts'
import { playedBy } from '../../control/agents/index.ts'
import type { Agent } from '../../control/agents/index.ts'
import type { ModelOverview } from '../../control/models/index.ts'
import type { TenantScope } from '../../engine/index.ts'
import type { RoutingReport } from '../../control/routing/index.ts'
import { defaultProject } from '../../kernel/index.ts'
import { createRoutingQueries } from '../routing-queries.ts'
import type { RouteExplanation, RoutingQueries } from '../routing-queries.ts'
import { createToolServers } from '../tool-servers.ts'
import type { ToolServer, ToolServers } from '../tool-servers.ts'
import { studioResource } from './access.ts'
import type { Access } from './access.ts'
import type { StudioServices } from './studio-services.ts'

export interface AgentView {
  readonly name: string
  readonly version: number
  readonly digest: string
  readonly role: string
  readonly playedBy: 'model' | 'tool' | 'program'
  readonly instructions: string
  readonly tools: readonly string[]
  /** Everything else of the front matter: model policy, limits, breakers, program. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Workflows in use that have a step for it. */
  readonly workflows: readonly string[]
}

export interface ToolView {
  readonly name: string
  readonly summary: string
  readonly effect: EffectClass
  readonly permissions: readonly string[]
  readonly failureModes: readonly string[]
  readonly worstCase: Tool['worstCase']
  /** JSON Schemas. */
  readonly input: Readonly<Record<string, unknown>>
  readonly output: Readonly<Record<string, unknown>>
  /** Agents that are granted it. */
  readonly agents: readonly string[]
}

type Parts = Pick<
  StudioServices,
  | 'database'
  | 'clock'
  | 'administration'
  | 'workflows'
  | 'agents'
  | 'tools'
  | 'models'
  | 'routing'
  | 'mcp'
  | 'logger'
>

/** What work is done with: agents, tools, models and the ways to them. */
export class WorkshopService {
  readonly #services: Parts
  readonly #access: Access

  constructor(services: Parts, access: Access) {
    this.#services = services
    this.#access = access
  }

  /** @throws ATL_DOOR_DENIED, as all of these */
  async agents(caller: Caller): Promise<readonly AgentView[]> {
    const { scope } = await this.#access.assertReadingWorkshop(caller)
    const { database, workflows, agents } = this.#services
    const inUse = await database.transaction(scope, (tx) => workflows.inUse(tx, scope.tenantId))
    return [...agents.values()].map((agent) =>
      viewAgent(
        agent,
        inUse
          .filter(({ definition }) =>
            definition.steps.some(({ kind, uses }) => kind === 'agent' && uses === agent.name),
          )
          .map(({ name }) => name),
      ),
    )
  }

  async tools(caller: Caller): Promise<readonly ToolView[]> {
    await this.#access.assertReadingWorkshop(caller)
    const agents = [...this.#services.agents.values()]
    return [...this.#services.tools.values()].map((tool) =>
      viewTool(
        tool,
        agents.filter(({ tools }) => tools.includes(tool.name)).map(({ name }) => name),
      ),
    )
  }

  async toolServers(caller: Caller): Promise<readonly ToolServer[]> {
    const { projects } = await this.#access.readProjects(caller)
    const [project = defaultProject] = projects.includes(defaultProject) ? [] : projects
    return this.#serversFor(caller, project).list(caller.principal.id)
  }

  inspectToolServer(caller: Caller, server: string, signal: AbortSignal): Promise<ToolServer> {
    return this.#serversFor(caller).inspect(server, caller.principal.id, signal)
  }

  async acceptTool(
    caller: Caller,
    tool: { readonly server: string; readonly tool: string; readonly digest: string },
  ): Promise<void> {
    await this.#serversFor(caller).accept({ ...tool, by: caller.principal.id })
  }

  async models(caller: Caller): Promise<ModelOverview> {
    const scope = await this.#mayRead(caller)
    const { database, models } = this.#services
    return database.transaction(scope, (tx) => models.overview(tx, scope.tenantId))
  }

  routingReport(caller: Caller, days: number): Promise<RoutingReport> {
    return this.#routingFor(() => this.#mayRead(caller)).report({ days, by: caller.principal.id })
  }

  explainRoute(
    caller: Caller,
    work: {
      readonly issue: { readonly title: string; readonly body: string }
      readonly labels: readonly string[]
    },
  ): Promise<RouteExplanation> {
    const mayRead = async () => (await this.#access.assertReadingWorkshop(caller)).scope
    return this.#routingFor(mayRead).explain({ ...work, by: caller.principal.id })
  }

  /** Shifts the targets of a route; without weights those of its file hold again. @throws ATL_MODEL_WEIGHTS_INVALID */
  async setWeights(
    caller: Caller,
    change: {
      readonly route: string
      readonly weights: Readonly<Record<string, number>> | undefined
      readonly reason: string
    },
  ): Promise<ModelOverview> {
    const { principal } = caller
    const { administration, models } = this.#services
    await administration.authorise(
      {
        principal,
        tenantId: principal.tenantId,
        intention: { action: 'set-model-weights', resource: studioResource(caller) },
        runId: null,
        detail: { ...change, weights: change.weights ?? null },
      },
      (tx, actor) =>
        models.setWeightsIn(tx, { tenantId: principal.tenantId, principalId: actor.id, ...change }),
    )
    return this.models(caller)
  }

  #mayRead(caller: Caller): Promise<TenantScope> {
    return this.#access.assertReading(caller, { action: 'read-studio', resource: studioResource(caller) })
  }

  #routingFor(authorise: () => Promise<TenantScope>): RoutingQueries {
    const { routing, database, clock } = this.#services
    return createRoutingQueries({ ...routing, database, clock, authorise })
  }

  #serversFor({ principal }: Caller, projectId = defaultProject): ToolServers {
    const { mcp, administration, logger } = this.#services
    const person = () => Promise.resolve(principal)
    return createToolServers({ mcp, administration, logger, projectId, person })
  }
}

function viewAgent(agent: Agent, workflows: readonly string[]): AgentView {
  const { name, version, digest, role, instructions, tools, ...settings } = agent
  return { name, version, digest, role, playedBy: playedBy(agent), instructions, tools, settings, workflows }
}

function viewTool(tool: Tool, agents: readonly string[]): ToolView {
  const { name, summary, effect, permissions, failureModes, worstCase, input, output } = tool
  const schemas = { input: schemaOf(input, 'input'), output: schemaOf(output, 'output') }
  return { name, summary, effect, permissions, failureModes, worstCase, ...schemas, agents }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Readonly<Record<string, unknown>> {
  // What JSON Schema has no words for is left open, for people to read on.
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' })
}
