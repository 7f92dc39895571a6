import type { Principal } from '../contracts/index.ts'
import type { McpServer, McpServers, PinnedTool } from '../execution/mcp/index.ts'
import type { Administration } from '../governance/index.ts'
import { createId, defaultProject, type Logger, type ProjectId, type RunId } from '../kernel/index.ts'

/** What a server says about a tool: all that a model would be shown. */
interface ShownDefinition {
  readonly digest: string
  readonly definition: {
    readonly name: string
    readonly title?: string | undefined
    readonly description: string
    readonly inputSchema: Readonly<Record<string, unknown>>
    readonly outputSchema?: Readonly<Record<string, unknown>> | undefined
    readonly annotations?: Readonly<Record<string, unknown>> | undefined
  }
}

/** A tool of an MCP server, as it was seen last and as it was accepted. */
export interface ServerTool extends Pick<PinnedTool, 'server' | 'tool' | 'state'> {
  readonly seen: ShownDefinition | null
  readonly accepted: (ShownDefinition & { readonly by: string; readonly at: Date }) | null
  /** As agent files grant it. */
  readonly name: string
  /** Whether agents may use it once it is accepted. */
  readonly effect: 'read' | 'external'
}

export interface ToolServer {
  readonly server: string
  /** The command or address. */
  readonly place: string
  readonly tools: readonly ServerTool[]
}

/** What clients may do with the MCP servers whose tools agents use. */
export interface ToolServers {
  /** All servers with what is recorded of them; none is asked. */
  list(by: string): Promise<readonly ToolServer[]>
  /** Asks one server what it offers, and records that. */
  inspect(server: string, by: string, signal: AbortSignal): Promise<ToolServer>
  /** Accepts a definition that a person has looked at, by its digest. */
  accept(tool: {
    readonly server: string
    readonly tool: string
    readonly digest: string
    readonly by: string
  }): Promise<void>
}

export interface ToolServerServices {
  readonly mcp: Pick<McpServers, 'servers' | 'recorded' | 'inspect' | 'require' | 'accept'>
  readonly administration: Administration
  readonly logger: Logger
  /** The project in which it is asked whether somebody may; the default one when absent. */
  readonly projectId?: ProjectId
  readonly person: (name: string) => Promise<Principal>
}

export function createToolServers({
  mcp,
  administration,
  logger,
  projectId = defaultProject,
  person,
}: ToolServerServices): ToolServers {
  const authorise = async (
    by: string,
    action: 'read-project' | 'accept-tool',
    detail: Readonly<Record<string, unknown>>,
    work?: Parameters<Administration['authorise']>[1],
  ): Promise<Principal> => {
    const principal = await person(by)
    const { tenantId } = principal
    const resource = { kind: 'project', tenantId, projectId } as const
    await administration.authorise(
      { principal, tenantId, intention: { action, resource }, runId: null, detail },
      work,
    )
    return principal
  }
  return {
    async list(by) {
      const { id: principalId, tenantId } = await authorise(by, 'read-project', {})
      return Promise.all(
        mcp.servers.map(async (server) =>
          viewServer(server, await mcp.recorded({ tenantId, principalId }, server.name)),
        ),
      )
    },
    async inspect(name, by, signal) {
      // Whoever may accept what a server says may start it.
      const principal = await authorise(by, 'accept-tool', { server: name })
      const runId = createId('inspection') as RunId
      const tools = await mcp.inspect(name, {
        tenantId: principal.tenantId,
        runId,
        principal,
        logger,
        signal,
      })
      const server = mcp.require(name)
      return viewServer(server, tools)
    },
    async accept({ by, ...tool }) {
      await authorise(by, 'accept-tool', tool, (tx, actor) => mcp.accept(tx, tool, actor))
    },
  }
}

function viewServer(server: McpServer, tools: readonly PinnedTool[]): ToolServer {
  return {
    server: server.name,
    place: server.transport === 'stdio' ? server.command.join(' ') : server.url,
    tools: tools.map((tool) => ({
      ...tool,
      name: `mcp.${server.name}.${tool.tool}`,
      effect: server.tools[tool.tool] ?? 'external',
    })),
  }
}
