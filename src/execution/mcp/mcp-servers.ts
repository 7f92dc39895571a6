import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { Finding, Principal, ToolContext } from '../../contracts/index.ts'
import type { Clock } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import type { AgentTool } from '../development/index.ts'
import { type McpServer, showsStep } from './configuration.ts'
import type { ConnectionPlaces } from './connect.ts'
import { definitionDigest, type ToolDefinition } from './definition.ts'
import { mcpErrors } from './errors.ts'
import { type PinnedTool, type PinScope, ToolPins } from './pins.ts'
import type { McpSession } from './session.ts'
import type { Asker } from './step-credential.ts'

export interface McpServersOptions extends ConnectionPlaces {
  readonly servers: readonly McpServer[]
  readonly database: Database
  readonly clock: Clock
  /** Milliseconds after which a server that nobody asks is ended. */
  readonly idleMs?: number
  /** Milliseconds after which tools are listed anew before a call. */
  readonly freshMs?: number
}

/** The tools that an agent may use, and what a person should know about those that it may not. */
export interface OfferedTools {
  readonly tools: readonly AgentTool[]
  readonly findings: readonly Finding[]
}

interface OpenServer {
  readonly session: McpSession
  /** Digests by the names of the tools that it offers. */
  digests: ReadonlyMap<string, string>
  listedAt: number
  idle: NodeJS.Timeout | undefined
}

/**
 * MCP servers as sources of tools. A server is started, or reached, when the first of its tools is called in a run, and
 * serves that run alone, or one step of it where it is to know which step asks; which tools there are is what people have accepted, and needs no server.
 */
export class McpServers {
  readonly #options: McpServersOptions
  readonly #servers: ReadonlyMap<string, McpServer>
  readonly #pins: ToolPins
  readonly #open = new Map<string, Promise<OpenServer>>()

  constructor(options: McpServersOptions) {
    this.#options = options
    this.#servers = new Map(options.servers.map((server) => [server.name, server]))
    this.#pins = new ToolPins(options.database, options.clock)
  }

  get servers(): readonly McpServer[] {
    return [...this.#servers.values()]
  }

  /** Names of all tools that are declared to only read, as agent files grant them. */
  get declared(): readonly string[] {
    return this.servers.flatMap(({ name, tools }) =>
      Object.entries(tools).flatMap(([tool, effect]) => (effect === 'read' ? [`mcp.${name}.${tool}`] : [])),
    )
  }

  /**
   * The granted tools. Grants are names of tools as agent files have them, `mcp.<server>.<tool>`; others are passed over.
   *
   * @throws ATL_MCP_UNKNOWN_SERVER
   */
  async offer(scope: PinScope, grants: readonly string[]): Promise<OfferedTools> {
    const wanted = grants.flatMap((grant) => {
      const [, server, tool] = /^mcp\.([a-z][a-z0-9-]*)\.(.+)$/.exec(grant) ?? []
      return server === undefined || tool === undefined ? [] : [{ server: this.require(server), tool }]
    })
    const pins = new Map<string, ReadonlyMap<string, PinnedTool>>()
    for (const { server } of wanted)
      if (!pins.has(server.name)) pins.set(server.name, await this.#pins.list(scope, server.name))
    const tools: AgentTool[] = []
    const findings: Finding[] = []
    for (const { server, tool } of wanted) {
      const pinned = pins.get(server.name)?.get(tool)
      const finding = obstacleTo(server, tool, pinned)
      if (finding !== undefined) findings.push(finding)
      else if (pinned?.accepted) {
        const { mcpTool } = await import('./tool.ts')
        tools.push(
          mcpTool(server, pinned.accepted, (called, written, context) =>
            this.#call(server, called, written, context),
          ),
        )
      }
    }
    return { tools, findings }
  }

  /** Asks a server what it offers, records that, and answers what of it is accepted. */
  async inspect(
    name: string,
    context: Pick<ToolContext, 'tenantId' | 'runId' | 'principal' | 'logger' | 'signal'>,
  ): Promise<readonly PinnedTool[]> {
    const server = this.require(name)
    const session = await this.#connect(server, { ...context, stepId: 'inspection', attempt: 1 })
    try {
      const scope = scopeOf(context)
      await this.#pins.observe(scope, server, await session.listTools(context.signal))
      return [...(await this.#pins.list(scope, name)).values()]
    } finally {
      await session.close()
    }
  }

  /** What was seen of a server the last time, and what of it is accepted; asks nobody. @throws ATL_MCP_UNKNOWN_SERVER */
  async recorded(scope: PinScope, name: string): Promise<readonly PinnedTool[]> {
    return [...(await this.#pins.list(scope, this.require(name).name)).values()]
  }

  /** Accepts a definition that a person has looked at. @throws ATL_MCP_NOT_SEEN, ATL_MCP_ONLY_PEOPLE */
  accept(
    tx: Tx,
    tool: { readonly server: string; readonly tool: string; readonly digest: string },
    by: Principal,
  ): Promise<void> {
    this.require(tool.server)
    return this.#pins.accept(tx, tool, by)
  }

  /** Ends the servers of a run; call it when the run has ended. */
  async release({ tenantId, runId }: Pick<ToolContext, 'tenantId' | 'runId'>): Promise<void> {
    const prefix = `${tenantId}\n${runId}\n`
    await Promise.all(
      [...this.#open.keys()].filter((key) => key.startsWith(prefix)).map((key) => this.#end(key)),
    )
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((key) => this.#end(key)))
  }

  async #call(
    server: McpServer,
    { name, digest }: { readonly name: string; readonly digest: string },
    written: Readonly<Record<string, unknown>>,
    context: ToolContext,
  ): Promise<CallToolResult> {
    const key = sessionKey(server, context)
    const open = await this.#opened(key, server, context)
    clearTimeout(open.idle)
    try {
      await this.#refresh(open, server, context)
      const current = open.digests.get(name)
      if (current === undefined) throw mcpErrors.TOOL_GONE({ detail: `${server.name}.${name}` })
      if (current !== digest) throw mcpErrors.TOOL_CHANGED({ detail: `${server.name}.${name}` })
      const result = await open.session.call(name, written, context.signal)
      // Said while it was busy: what answered is not known to be what was accepted.
      await this.#refresh(open, server, context)
      if (open.digests.get(name) !== digest)
        throw mcpErrors.TOOL_CHANGED({ detail: `${server.name}.${name}, during the call` })
      return result
    } finally {
      if (open.session.isOver) await this.#end(key)
      else this.#endLater(key, open)
    }
  }

  /** The session, opened if need be. Calls at the same time share it. */
  async #opened(key: string, server: McpServer, context: ToolContext): Promise<OpenServer> {
    const known = await this.#open.get(key)?.catch(() => undefined)
    if (known !== undefined && !known.session.isOver) return known
    if (known !== undefined) await this.#end(key)
    const pending = this.#open.get(key)
    if (pending !== undefined) return pending
    const opening = this.#connect(server, context).then((session): OpenServer => ({
      session,
      digests: new Map(),
      listedAt: -Infinity,
      idle: undefined,
    }))
    this.#open.set(key, opening)
    opening.catch(() => this.#open.delete(key))
    return opening
  }

  /** Lists the tools where that was long ago, or where the server says that they have changed. */
  async #refresh(open: OpenServer, server: McpServer, context: ToolContext): Promise<void> {
    const { clock, freshMs = 60_000 } = this.#options
    if (!open.session.isStale && clock.now() - open.listedAt < freshMs) return
    const definitions: readonly ToolDefinition[] = await open.session.listTools(context.signal)
    open.listedAt = clock.now()
    open.digests = new Map(
      definitions.map((definition) => [definition.name, definitionDigest(server, definition)]),
    )
    await this.#pins.observe(scopeOf(context), server, definitions)
  }

  async #connect(
    server: McpServer,
    { logger, signal, ...asker }: Asker & Pick<ToolContext, 'logger' | 'signal'>,
  ): Promise<McpSession> {
    const [{ connectTo }, { McpSession: Session }] = await loadProtocol()
    return Session.open(server, await connectTo(this.#options, server, asker), { logger, signal })
  }

  #endLater(key: string, open: OpenServer): void {
    clearTimeout(open.idle)
    open.idle = setTimeout(() => void this.#end(key), this.#options.idleMs ?? 5 * 60_000)
    open.idle.unref()
  }

  async #end(key: string): Promise<void> {
    const open = await this.#open.get(key)?.catch(() => undefined)
    this.#open.delete(key)
    clearTimeout(open?.idle)
    await open?.session.close()
  }

  /** @throws ATL_MCP_UNKNOWN_SERVER */
  require(name: string): McpServer {
    const server = this.#servers.get(name)
    if (server === undefined) throw mcpErrors.UNKNOWN_SERVER({ detail: name })
    return server
  }
}

/** Whose session a call belongs to: the run's, or the step's where the server is to know which step asks. */
function sessionKey(server: McpServer, { tenantId, runId, stepId, attempt, principal }: Asker): string {
  const run = [tenantId, runId, server.name]
  const step = [stepId, attempt, principal.id, principal.onBehalfOf]
  return (showsStep(server) ? [...run, ...step] : run).join('\n')
}

/** Loading the protocol takes time that a studio need not spend before a server is asked. */
function loadProtocol() {
  return Promise.all([import('./connect.ts'), import('./session.ts')])
}

function scopeOf({ tenantId, principal }: Pick<ToolContext, 'tenantId' | 'principal'>): PinScope {
  return { tenantId, principalId: principal.id }
}

/** Why a granted tool cannot be used. */
function obstacleTo(server: McpServer, tool: string, pinned: PinnedTool | undefined): Finding | undefined {
  const name = `mcp.${server.name}.${tool}`
  const inspect = `atelier mcp servers ${server.name}`
  if (server.tools[tool] !== 'read')
    return {
      rule: 'mcp/external-effect',
      severity: 'medium',
      message: `${name} is not declared to only read, so agents may not use it`,
      suggestion: `If it really only reads, declare it under \`tools\` of the server: \`${tool}: read\`.`,
    }
  if (pinned === undefined || pinned.accepted === null)
    return {
      rule: 'mcp/tool-not-accepted',
      severity: 'medium',
      message: `${name} was not accepted by anybody yet`,
      suggestion: `Look at it with \`${inspect}\` and accept it.`,
    }
  if (pinned.state === 'changed')
    return {
      rule: 'mcp/tool-changed',
      severity: 'high',
      message: `${name} is quarantined: it is not any more what ${pinned.accepted.by} accepted`,
      evidence: `accepted ${pinned.accepted.digest}, offered ${pinned.seen?.digest ?? 'nothing'}`,
      suggestion: `Look at what has changed with \`${inspect}\`, and accept it only if it is harmless.`,
    }
  if (pinned.state === 'gone')
    return {
      rule: 'mcp/tool-gone',
      severity: 'low',
      message: `${name} is not offered by its server any more`,
    }
  return undefined
}
