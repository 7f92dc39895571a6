import { z } from 'zod'
import { labelsSchema, workItemSchema } from '../index.ts'
import { timeSchema } from './identifiers.ts'
import { defineOperation } from './operation.ts'
import { costSchema } from './runs.ts'

const readsStudio = { action: 'read-studio', resource: 'studio' } as const
const looseObject = z.record(z.string(), z.unknown())
const name = z.string().min(1).max(200)

const agentSchema = z
  .object({
    name: z.string(),
    version: z.int(),
    digest: z.string(),
    role: z.string(),
    playedBy: z.enum(['model', 'tool', 'program']),
    instructions: z.string(),
    /** Names of the tools that it is granted. */
    tools: z.array(z.string()),
    /** The rest of its front matter: model policy, limits, breakers, program. */
    settings: looseObject,
    /** Workflows in use that have a step for it. */
    workflows: z.array(z.string()),
  })
  .meta({ id: 'Agent' })

const toolSchema = z
  .object({
    name: z.string(),
    summary: z.string(),
    effect: z.enum(['read', 'workspace', 'external-reversible', 'external-irreversible']),
    permissions: z.array(z.string()),
    /** Codes of the errors that it is known to fail with. */
    failureModes: z.array(z.string()),
    worstCase: costSchema,
    /** JSON Schemas. */
    input: looseObject,
    output: looseObject,
    agents: z.array(z.string()),
  })
  .meta({ id: 'Tool' })

const definitionSchema = z.looseObject({
  name: z.string(),
  title: z.string().optional(),
  description: z.string(),
  inputSchema: looseObject,
  outputSchema: looseObject.optional(),
  annotations: looseObject.optional(),
})

const toolServerSchema = z
  .object({
    server: z.string(),
    place: z.string(),
    tools: z.array(
      z.object({
        name: z.string(),
        tool: z.string(),
        effect: z.enum(['read', 'external']),
        /** `changed` is quarantined until somebody accepts what it has become. */
        state: z.enum(['accepted', 'new', 'changed', 'gone']),
        seen: z.object({ digest: z.string(), definition: definitionSchema }).nullable(),
        accepted: z
          .object({ digest: z.string(), definition: definitionSchema, by: z.string(), at: timeSchema })
          .nullable(),
      }),
    ),
  })
  .meta({ id: 'ToolServer' })

const modelOverviewSchema = z
  .object({
    currency: z.string(),
    models: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        upstream: z.string(),
        context: z.int(),
        maxOutput: z.int(),
        /** Units of the currency for a million tokens. */
        price: looseObject.nullable(),
        capabilities: z.array(z.string()),
        size: z.string(),
        deployment: z.string(),
        residency: z.string(),
        retiredAt: z.iso.date().nullable(),
        /** Why it cannot be asked now. */
        obstacle: z.string().nullable(),
        /** Milliseconds for which its upstream is not called because it kept failing. */
        restingMs: z.number().nullable(),
      }),
    ),
    routes: z.array(
      z.object({
        name: z.string(),
        targets: z.array(z.object({ model: z.string(), weight: z.number(), weightOfFile: z.number() })),
        fallback: z.array(z.object({ model: z.string(), on: z.array(z.string()) })),
        shifted: z.object({ by: z.string(), at: timeSchema, reason: z.string() }).nullable(),
      }),
    ),
  })
  .meta({ id: 'ModelOverview' })

export const listAgents = defineOperation({
  id: 'listAgents',
  method: 'GET',
  path: '/api/v1/agents',
  tag: 'workshop',
  summary: 'Agents: role, instructions, grants, limits, and the workflows that use them',
  access: readsStudio,
  answer: { 200: z.object({ items: z.array(agentSchema) }) },
})

export const listTools = defineOperation({
  id: 'listTools',
  method: 'GET',
  path: '/api/v1/tools',
  tag: 'workshop',
  summary: 'Tools: schemas, what they can do to the world, and how they fail',
  access: readsStudio,
  answer: { 200: z.object({ items: z.array(toolSchema) }) },
})

export const listToolServers = defineOperation({
  id: 'listToolServers',
  method: 'GET',
  path: '/api/v1/tool-servers',
  tag: 'workshop',
  summary: 'MCP servers with the tools that they offered last, and which of these are accepted',
  access: { action: 'read-project', resource: 'project' },
  answer: { 200: z.object({ items: z.array(toolServerSchema) }) },
})

export const inspectToolServer = defineOperation({
  id: 'inspectToolServer',
  method: 'POST',
  path: '/api/v1/tool-servers/{server}/inspection',
  tag: 'workshop',
  summary: 'Start an MCP server and record what it offers',
  access: { action: 'accept-tool', resource: 'project' },
  params: z.strictObject({ server: name }),
  timeoutMs: 120_000,
  answer: { 200: toolServerSchema },
})

export const acceptTool = defineOperation({
  id: 'acceptTool',
  method: 'POST',
  path: '/api/v1/tool-servers/{server}/tools/{tool}/acceptance',
  tag: 'workshop',
  summary: 'Accept a tool of an MCP server as the definition of this digest says',
  access: { action: 'accept-tool', resource: 'project' },
  params: z.strictObject({ server: name, tool: name }),
  body: z.strictObject({ digest: z.string().min(1).max(100) }),
  answer: { 204: null },
})

export const getModels = defineOperation({
  id: 'getModels',
  method: 'GET',
  path: '/api/v1/models',
  tag: 'workshop',
  summary: 'Models with prices and places, routes to them, and what cannot be asked now',
  access: readsStudio,
  answer: { 200: modelOverviewSchema },
})

export const setRouteWeights = defineOperation({
  id: 'setRouteWeights',
  method: 'PUT',
  path: '/api/v1/models/routes/{route}/weights',
  tag: 'workshop',
  summary: 'Shift a route between its models, in all processes within a second',
  access: { action: 'set-model-weights', resource: 'studio' },
  params: z.strictObject({ route: name }),
  body: z.strictObject({
    weights: z.record(name, z.number().nonnegative().max(1e6)),
    reason: z.string().min(1).max(2000),
  }),
  answer: { 200: modelOverviewSchema },
})

export const resetRouteWeights = defineOperation({
  id: 'resetRouteWeights',
  method: 'POST',
  path: '/api/v1/models/routes/{route}/rollback',
  tag: 'workshop',
  summary: 'Take a shift of a route back: the weights of its file hold again',
  access: { action: 'set-model-weights', resource: 'studio' },
  params: z.strictObject({ route: name }),
  body: z.strictObject({ reason: z.string().min(1).max(2000) }),
  answer: { 200: modelOverviewSchema },
})

const tierSchema = z.object({
  tier: z.string(),
  attempts: z.int(),
  solved: z.int(),
  refuted: z.int(),
  money: z.int(),
  seconds: z.int(),
})

export const getRoutingReport = defineOperation({
  id: 'getRoutingReport',
  method: 'GET',
  path: '/api/v1/routing/report',
  tag: 'workshop',
  summary: 'How well work was routed: what each tier solved, and what went to the wrong one first',
  access: readsStudio,
  query: z.strictObject({ days: z.int().min(1).max(365).default(30) }),
  answer: {
    200: z.object({
      since: timeSchema,
      pieces: z.int(),
      tiers: z.array(tierSchema),
      misroutes: z.array(
        z.object({
          runId: z.string(),
          stepId: z.string(),
          first: z.string(),
          solvedBy: z.string().nullable(),
          detail: z.string(),
        }),
      ),
      misrouted: z.int(),
      spent: z.int(),
      dearest: z.int().nullable(),
    }),
  },
})

export const explainRoute = defineOperation({
  id: 'explainRoute',
  method: 'POST',
  path: '/api/v1/routing/explanations',
  tag: 'workshop',
  summary: 'Who would try a piece of work, in which order, and why; nothing is started',
  access: { action: 'read-project', resource: 'project' },
  body: z.strictObject({
    issue: z.object({ title: workItemSchema.shape.title, body: workItemSchema.shape.body }),
    labels: labelsSchema,
  }),
  answer: {
    200: z.object({
      /** In the order in which they are tried. */
      tiers: z.array(z.object({ name: z.string(), agent: z.string(), route: z.string().optional() })),
      rule: z.string().nullable(),
      /** How likely the work is difficult, 0 … 1. */
      difficulty: z.number(),
      reasons: z.array(z.string()),
      policy: z.object({ version: z.int(), digest: z.string() }),
      /** What the routes of the tiers lead to today; prices in millionths of the currency per million tokens. */
      routes: z.record(
        z.string(),
        z.object({
          models: z.array(z.string()),
          price: z.object({ input: z.number(), output: z.number() }).nullable(),
        }),
      ),
      taskReason: z.string().nullable(),
    }),
  },
})
