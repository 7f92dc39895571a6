import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  type CallToolResult,
  CallToolResultSchema,
  ErrorCode,
  McpError,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { redactText } from '../../governance/door/index.ts'
import { AtelierError, type Logger } from '../../kernel/index.ts'
import type { McpServer } from './configuration.ts'
import { type ToolDefinition, toolDefinitionSchema } from './definition.ts'
import { mcpErrors } from './errors.ts'

/** A way to a server, as it is opened for one session. */
export interface Connection {
  readonly transport: Transport
  /** What is known about why the server cannot be spoken to. */
  explain(): string
  close(): Promise<void>
}

const connectMs = 30_000
const mostTools = 200
const mostPages = 20

/** Names are checked one by one, so that one that cannot be used does not cost all others. */
const listedSchema = z.object({ tools: z.array(z.unknown()), nextCursor: z.string().optional() })

/**
 * A conversation with one server. The studio offers it nothing: what it asks for (sampling, roots, elicitation) is refused
 * by the protocol. What it says is checked and bounded.
 */
export class McpSession {
  readonly #client: Client
  readonly #connection: Connection
  readonly #server: McpServer
  readonly #logger: Logger
  /** What it did that it must not do. */
  #violation: AtelierError | undefined
  #isOver = false
  #closing: Promise<void> | undefined
  #isStale = true

  private constructor(server: McpServer, client: Client, connection: Connection, logger: Logger) {
    this.#server = server
    this.#client = client
    this.#connection = connection
    this.#logger = logger
    client.onclose = () => (this.#isOver = true)
    client.onerror = (error) => this.#note(error)
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      this.#isStale = true
    })
  }

  /** @throws ATL_MCP_UNREACHABLE, ATL_MCP_TIMED_OUT, ATL_MCP_FLOODED, ATL_MCP_BAD_ANSWER */
  static async open(
    server: McpServer,
    connection: Connection,
    { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
  ): Promise<McpSession> {
    const client = new Client({ name: 'atelier', version: '1' }, { capabilities: {} })
    const session = new McpSession(server, client, connection, logger)
    try {
      await session.#ask('opening', () =>
        client.connect(connection.transport, { timeout: connectMs, maxTotalTimeout: connectMs, signal }),
      )
      return session
    } catch (error) {
      await session.close()
      if (error instanceof AtelierError && error.code === mcpErrors.ENDED.code)
        throw mcpErrors.UNREACHABLE({ detail: error.message, cause: error })
      throw error
    }
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether the server said that its tools have changed since they were listed. */
  get isStale(): boolean {
    return this.#isStale
  }

  /** The tools that it offers, those left out that no model could be shown. */
  async listTools(signal: AbortSignal): Promise<readonly ToolDefinition[]> {
    this.#isStale = false
    const found = new Map<string, ToolDefinition>()
    let cursor: string | undefined
    for (let page = 0; page < mostPages; page += 1) {
      const { tools, nextCursor } = await this.#ask('listing tools', () =>
        this.#client.request(
          { method: 'tools/list', params: cursor === undefined ? {} : { cursor } },
          listedSchema,
          { timeout: connectMs, maxTotalTimeout: connectMs, signal },
        ),
      )
      for (const tool of tools) {
        const parsed = toolDefinitionSchema.safeParse(tool)
        if (parsed.success && !found.has(parsed.data.name)) found.set(parsed.data.name, parsed.data)
        else this.#logger.log('warn', { server: this.#server.name }, 'An MCP tool cannot be used')
        if (found.size > mostTools) throw mcpErrors.FLOODED({ detail: `more than ${mostTools} tools` })
      }
      cursor = nextCursor
      if (cursor === undefined) return [...found.values()]
    }
    throw mcpErrors.FLOODED({ detail: `more than ${mostPages} pages of tools` })
  }

  /** Calls a tool. @throws ATL_MCP_CALL_REFUSED and the others */
  call(
    tool: string,
    written: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<CallToolResult> {
    const milliseconds = this.#server.seconds * 1000
    return this.#ask(`calling ${tool}`, () =>
      this.#client.request(
        { method: 'tools/call', params: { name: tool, arguments: written } },
        CallToolResultSchema,
        { timeout: milliseconds, maxTotalTimeout: milliseconds, signal },
      ),
    )
  }

  /** Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#tearDown()
    return this.#closing
  }

  async #tearDown(): Promise<void> {
    this.#isOver = true
    await this.#client.close().catch(() => undefined)
    await this.#connection.close()
  }

  /** Words of the protocol's failures are the server's, and shortened. */
  async #ask<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (this.#violation !== undefined) throw this.#violation
      if (error instanceof AtelierError) throw error
      throw this.#explain(what, error)
    }
  }

  #explain(what: string, error: unknown): AtelierError {
    const why = this.#connection.explain()
    const message = error instanceof Error ? error.message : String(error)
    const detail = `${this.#server.name}, ${what}: ${shortened(message)}${why === '' ? '' : `; ${shortened(why)}`}`
    if (error instanceof z.ZodError)
      return mcpErrors.BAD_ANSWER({ detail: `${this.#server.name}, ${what}`, cause: error })
    if (!(error instanceof McpError)) return mcpErrors.UNREACHABLE({ detail, cause: error })
    const code = codeOfFailure.get(error.code) ?? mcpErrors.CALL_REFUSED
    return code({ detail, cause: error })
  }

  #note(error: Error): void {
    if (error instanceof AtelierError && error.code === mcpErrors.FLOODED.code) {
      this.#violation ??= error
      void this.close()
    }
    this.#logger.log(
      'warn',
      { server: this.#server.name, error: shortened(error.message) },
      'From an MCP server',
    )
  }
}

/** What the protocol's own codes mean here. */
const codeOfFailure = new Map<number, typeof mcpErrors.ENDED>([
  [ErrorCode.RequestTimeout, mcpErrors.TIMED_OUT],
  [ErrorCode.ConnectionClosed, mcpErrors.ENDED],
])

const longestMessage = 1_000

/** What a server says may hold what it was shown, such as a credential. */
function shortened(words: string): string {
  const text = redactText(words)
  return text.length <= longestMessage ? text : `${text.slice(0, longestMessage)}…`
}
