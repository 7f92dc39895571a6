import { z } from 'zod'
import { mcpErrors } from './errors.ts'

/** A name of a tool as servers may give it. */
export const toolNameSchema = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/)

const shared = {
  /** Part of the names of its tools: `mcp.<server>.<tool>`. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  /**
   * The tools that may be used at all, and what they do. What is not named here counts as `external`, whatever the server
   * says about itself, and tools with external effects are refused.
   */
  tools: z.record(toolNameSchema, z.enum(['read', 'external'])),
  /** Seconds that one call may take. */
  seconds: z.int().positive().max(600).default(60),
}

const hostSchema = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(443),
  /** For servers inside one's own network. */
  allowPrivate: z.boolean().default(false),
})

const stdioServerSchema = z.strictObject({
  ...shared,
  transport: z.literal('stdio'),
  /** Program and arguments as the sandbox sees them; it has the system's programs, Node, and what `files` brings. */
  command: z.tuple([z.string().min(1)], z.string()),
  /** The only environment that it gets beside PATH, HOME and the like. */
  environment: z.record(z.string(), z.string()).default({}),
  /** Files and folders of this machine that it sees, read-only. */
  files: z
    .array(z.strictObject({ source: z.string().startsWith('/'), target: z.string().startsWith('/opt/') }))
    .default([]),
  /** Hosts that it may connect to; none when empty. */
  hosts: z.array(hostSchema).default([]),
})

const httpServerSchema = z
  .strictObject({
    ...shared,
    transport: z.literal('http'),
    url: z
      .url({ protocol: /^https?$/ })
      .refine((url) => !hasUserInfo(url), 'an address carries no user name or password'),
    /** For servers inside one's own network. */
    allowPrivate: z.boolean().default(false),
    /** Headers of every request: a text, or the name of a secret. They never reach a sandbox or a model. */
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9-]+$/),
        z.union([z.string(), z.strictObject({ secret: z.string() })]),
      )
      .default({}),
    /** `step`: every request carries a credential by which the server can tell which step asks, and for whom. */
    credential: z.literal('step').optional(),
  })
  .refine(
    ({ credential, headers }) =>
      credential === undefined || Object.keys(headers).every((name) => !/^authorization$/i.test(name)),
    'a server gets the credential of the step or a header authorization, not both',
  )
  .refine(
    ({ credential, url }) => credential === undefined || keepsSecrets(url),
    'the credential of a step is sent over https only, except on this machine',
  )

const serverSchema = z.discriminatedUnion('transport', [stdioServerSchema, httpServerSchema])
export type McpServer = z.infer<typeof serverSchema>
export type StdioServer = z.infer<typeof stdioServerSchema>
export type HttpServer = z.infer<typeof httpServerSchema>

/** Whether a server is to know which step asks it. */
export function showsStep(server: McpServer): server is HttpServer {
  return server.transport === 'http' && server.credential === 'step'
}

function keepsSecrets(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed?.protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(parsed?.hostname ?? '')
}

function hasUserInfo(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed === null || parsed.username !== '' || parsed.password !== ''
}

/**
 * Reads the configuration of MCP servers.
 *
 * @throws `ATL_MCP_CONFIGURATION_INVALID`
 */
export function parseMcpServers(configuration: unknown): readonly McpServer[] {
  const parsed = z.array(serverSchema).max(50).safeParse(configuration)
  if (!parsed.success) throw mcpErrors.CONFIGURATION_INVALID({ detail: z.prettifyError(parsed.error) })
  const names = parsed.data.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw mcpErrors.CONFIGURATION_INVALID({ detail: `two servers are called ${twice}` })
  return parsed.data
}

/** What makes a server this one and no other: accepted tools are those of exactly this server. */
export function identityOf(server: McpServer): Readonly<Record<string, unknown>> {
  return server.transport === 'stdio' ? { command: server.command, files: server.files } : { url: server.url }
}
