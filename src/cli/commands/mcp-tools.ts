import { Command } from 'commander'
import type { ServerTool, ToolServer } from '../../api/index.ts'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { printable, writeJson, writeLine } from '../terminal.ts'
import { withStudio } from '../with-studio.ts'

interface ToolOptions extends GlobalOptions {
  readonly as: string
}

/** The tools of other people's servers: looking at them, and accepting them. */
export function mcpToolCommands(context: CliContext, finish: (code: ExitCode) => void): Command[] {
  return [
    new Command('servers')
      .description('show the tools of MCP servers, and ask one of them what it offers now')
      .argument('[server]', 'the server to ask; without one, what is known of all')
      .option('--as <name>', 'who looks', 'owner')
      .action(async (server: string | undefined, _options: unknown, self: Command) => {
        finish(await showServers(context, server, self.optsWithGlobals()))
      }),
    new Command('accept')
      .description('accept a tool of an MCP server as it is shown, so that agents may be granted it')
      .argument('<server>', 'name of the server')
      .argument('<tool>', 'name of the tool')
      .argument('<digest>', 'digest of the definition that you have looked at')
      .option('--as <name>', 'who accepts it', 'owner')
      .action(async (server: string, tool: string, digest: string, _options: unknown, self: Command) => {
        finish(await acceptTool(context, { server, tool, digest }, self.optsWithGlobals()))
      }),
  ]
}

async function showServers(
  context: CliContext,
  name: string | undefined,
  options: ToolOptions,
): Promise<ExitCode> {
  const { stdout } = context.terminal
  return withStudio(context, options, 'look', async ({ toolServers }) => {
    const servers =
      name === undefined
        ? await toolServers.list(options.as)
        : [await toolServers.inspect(name, options.as, context.signal)]
    if (options.json === true) writeJson(stdout, servers)
    else if (servers.length === 0) writeLine(stdout, 'No MCP server is configured; docs/mcp.md says how.')
    else for (const server of servers) writeLine(stdout, renderServer(server))
    return exitCodes.success
  })
}

async function acceptTool(
  context: CliContext,
  tool: { readonly server: string; readonly tool: string; readonly digest: string },
  options: ToolOptions,
): Promise<ExitCode> {
  const { stdout } = context.terminal
  return withStudio(context, options, 'look', async ({ toolServers }) => {
    await toolServers.accept({ ...tool, by: options.as })
    const name = `mcp.${tool.server}.${tool.tool}`
    if (options.json === true) writeJson(stdout, { accepted: name, digest: tool.digest })
    else writeLine(stdout, `${printable(name)} is accepted; grant it in the \`tools\` of an agent file.`)
    return exitCodes.success
  })
}

function renderServer({ server, place, tools }: ToolServer): string {
  const head = `${printable(server)}: ${printable(place)}`
  if (tools.length === 0)
    return `${head}\n  nothing is known of it; ask it with \`atelier mcp servers ${server}\``
  return [head, ...tools.map(renderTool)].join('\n')
}

const meanings: Readonly<Record<ServerTool['state'], string>> = {
  accepted: 'accepted',
  new: 'not accepted',
  changed: 'CHANGED since it was accepted, quarantined',
  gone: 'offered no more',
}

/** Everything that a person has to see before accepting: all that a model would be shown. */
function renderTool({ name, state, effect, seen, accepted }: ServerTool): string {
  const use = effect === 'read' ? '' : '; not declared as `read`, so no agent may use it'
  const lines = [`  ${printable(name)}  ${meanings[state]}${use}`]
  if (state === 'changed' && accepted !== null)
    lines.push(`    accepted by ${printable(accepted.by)}:`, ...renderDefinition(accepted), '    now:')
  if (seen !== null && (state === 'new' || state === 'changed')) lines.push(...renderDefinition(seen))
  return lines.join('\n')
}

function renderDefinition({ digest, definition }: NonNullable<ServerTool['seen']>): string[] {
  const { description, inputSchema, outputSchema, annotations, title } = definition
  return [
    `    ${digest}`,
    ...description.split('\n').map((line) => `      ${printable(line)}`),
    `      ${printable(JSON.stringify({ title, inputSchema, outputSchema, annotations }))}`,
  ]
}
