import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { mcpErrors, McpServers, parseMcpServers } from '../execution/mcp/index.ts'
import type { ExecutionPlaces, ToolRegistry } from '../execution/tools/index.ts'
import { issueStepCredential, type PublicAddress, type StepKeys } from '../governance/credentials/index.ts'
import { seededIdentities } from '../governance/index.ts'
import type { Clock, Logger } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'
import type { Configuration } from './configuration.ts'

/** What credentials of steps are made with. */
export interface StepIssuer {
  readonly stepKeys: StepKeys
  readonly address: PublicAddress
}

/** The MCP servers that `mcp.yaml` in the data directory names; none without that file. */
export async function openMcpServers(
  { dataDirectory, credentials }: Configuration,
  { sandboxes, limits, toolchain }: ExecutionPlaces,
  {
    database,
    clock,
    identity: { stepKeys: keys, address },
  }: {
    readonly database: Database
    readonly clock: Clock
    readonly identity: StepIssuer
  },
): Promise<McpServers> {
  const file = path.join(dataDirectory, 'mcp.yaml')
  return new McpServers({
    servers: existsSync(file) ? parseMcpServers(parseFile(file, await readFile(file, 'utf8'))) : [],
    database,
    clock,
    sandboxes,
    limits,
    toolchain,
    secrets: (name) => Promise.resolve(credentials(name)),
    issueCredential: (request) => issueStepCredential({ keys, issuer: address.url, clock }, request),
  })
}

function parseFile(file: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 }) ?? []
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'it is not YAML'
    throw mcpErrors.CONFIGURATION_INVALID({ detail: `${file}: ${message}`, cause })
  }
}

/** Makes tools that people have accepted known by their names; those that they have not are not there. */
export async function registerMcpTools(mcp: McpServers, tools: ToolRegistry, logger: Logger): Promise<void> {
  const { tenant: tenantId, owner: principalId } = seededIdentities
  const offered = await mcp.offer({ tenantId, principalId }, mcp.declared)
  for (const tool of offered.tools) tools.register(tool)
  for (const finding of offered.findings)
    logger.log('warn', { ...finding }, 'A tool of an MCP server is not offered')
}
