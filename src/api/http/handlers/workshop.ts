import type { ToolServer } from '../../tool-servers.ts'
import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type WorkshopHandlers = Pick<
  Handlers,
  | 'listAgents'
  | 'listTools'
  | 'listToolServers'
  | 'inspectToolServer'
  | 'acceptTool'
  | 'getModels'
  | 'setRouteWeights'
  | 'resetRouteWeights'
  | 'getRoutingReport'
  | 'explainRoute'
>

export function workshopHandlers({ workshop }: Pick<Services, 'workshop'>): WorkshopHandlers {
  return {
    listAgents: async ({ caller }) => ({ items: await workshop.agents(caller) }),
    listTools: async ({ caller }) => ({ items: await workshop.tools(caller) }),
    listToolServers: async ({ caller }) => ({ items: (await workshop.toolServers(caller)).map(viewServer) }),
    inspectToolServer: async ({ caller, params, signal }) =>
      viewServer(await workshop.inspectToolServer(caller, params.server, signal)),
    acceptTool: ({ caller, params, body }) => workshop.acceptTool(caller, { ...params, ...body }),
    getModels: ({ caller }) => workshop.models(caller),
    setRouteWeights: ({ caller, params, body }) => workshop.setWeights(caller, { ...params, ...body }),
    resetRouteWeights: ({ caller, params, body }) =>
      workshop.setWeights(caller, { ...params, ...body, weights: undefined }),
    getRoutingReport: ({ caller, query }) => workshop.routingReport(caller, query.days),
    explainRoute: ({ caller, body }) => workshop.explainRoute(caller, body),
  }
}

function viewServer({ tools, ...server }: ToolServer) {
  return {
    ...server,
    tools: tools.map(({ accepted, ...tool }) => ({
      ...tool,
      accepted: accepted && { ...accepted, at: accepted.at.toISOString() },
    })),
  }
}
