import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import type { SandboxHost, SandboxLimits } from '../sandbox/index.ts'
import { programPath, type Toolchain } from '../testing/index.ts'
import { type HttpServer, type McpServer, showsStep, type StdioServer } from './configuration.ts'
import { openEgressFetch } from './egress-fetch.ts'
import { mcpErrors } from './errors.ts'
import { type Asker, type IssueStepCredential, presentingStep } from './step-credential.ts'
import { ProcessTransport, type TransportLimits } from './process-transport.ts'
import type { Connection } from './session.ts'

/** What servers are reached with. */
export interface ConnectionPlaces {
  readonly sandboxes: SandboxHost
  readonly limits: SandboxLimits
  readonly toolchain: Toolchain
  /** Values of the secrets that configurations name. */
  readonly secrets: (name: string) => Promise<string | undefined>
  /** Makes what servers are shown that want to know which step asks. */
  readonly issueCredential: IssueStepCredential
}

const transportLimits: TransportLimits = {
  messageBytes: 4 * 2 ** 20,
  sessionBytes: 64 * 2 ** 20,
  unasked: 1_000,
}

/** How long the process of a server may live. */
const lifetimeMs = 4 * 3_600_000

/** Opens a way to a server: a process of its own in a sandbox, or HTTP through a proxy that knows nothing else. */
export function connectTo(places: ConnectionPlaces, server: McpServer, asker: Asker): Promise<Connection> {
  return server.transport === 'stdio'
    ? startServer(places, server, asker.runId)
    : reachServer(places, server, asker)
}

async function startServer(
  places: ConnectionPlaces,
  server: StdioServer,
  runId: string,
): Promise<Connection> {
  const sandbox = await places.sandboxes.create({
    runId,
    layers: [],
    readOnlyBinds: [...places.toolchain.binds, ...server.files],
    egress: server.hosts.length === 0 ? { kind: 'none' } : { kind: 'allow-list', hosts: server.hosts },
    limits: places.limits,
  })
  try {
    if (sandbox.isolation === 'none') throw mcpErrors.NOT_ISOLATED({ detail: server.name })
    const [program, ...words] = server.command
    const inside = (word: string): string => locate(server, word, (path) => sandbox.locate(path))
    const process = sandbox.start({
      argv: [inside(program), ...words.map(inside)],
      env: { PATH: programPath(''), ...server.environment },
      timeoutMs: lifetimeMs,
    })
    const transport = new ProcessTransport(process, transportLimits)
    return {
      transport: bounded(transport, transportLimits),
      explain: () => transport.errors,
      close: () => sandbox.destroy(),
    }
  } catch (error) {
    await sandbox.destroy()
    throw error
  }
}

/** Where there is no mount namespace, what is bound stands elsewhere. */
function locate({ files }: StdioServer, word: string, place: (path: string) => string): string {
  const isBound = files.some(({ target }) => word === target || word.startsWith(`${target}/`))
  return isBound ? place(word) : word
}

async function reachServer(places: ConnectionPlaces, server: HttpServer, asker: Asker): Promise<Connection> {
  const headers = await headersOf(places, server)
  const egress = await openEgressFetch(server, asker.runId, transportLimits)
  const transport = new StreamableHTTPClientTransport(new URL(server.url), {
    fetch: showsStep(server)
      ? presentingStep(egress.fetch, { server, asker, issue: places.issueCredential })
      : egress.fetch,
    requestInit: { headers },
    reconnectionOptions: {
      initialReconnectionDelay: 500,
      maxReconnectionDelay: 5_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 2,
    },
  })
  egress.onFlood = (error) => transport.onerror?.(error)
  return {
    transport: bounded(transport, transportLimits),
    explain: () => egress.refusal ?? '',
    close: () => egress.close(),
  }
}

async function headersOf({ secrets }: ConnectionPlaces, server: HttpServer): Promise<Record<string, string>> {
  const headers = await Promise.all(
    Object.entries(server.headers).map(async ([name, value]) => {
      if (typeof value === 'string') return [name, value] as const
      const secret = await secrets(value.secret)
      if (secret === undefined)
        throw mcpErrors.SECRET_MISSING({ detail: `${value.secret}, for ${server.name}` })
      return [name, secret] as const
    }),
  )
  return Object.fromEntries(headers)
}

/** Ends a session in which the server sends more requests and notifications than anybody needs. */
function bounded(transport: Transport, { unasked }: TransportLimits): Transport {
  let count = 0
  const start = transport.start.bind(transport)
  transport.start = async () => {
    const receive = transport.onmessage
    transport.onmessage = (message, extra) => {
      if (isUnasked(message)) count += 1
      if (count <= unasked) receive?.(message, extra)
      else
        transport.onerror?.(
          mcpErrors.FLOODED({ detail: `more than ${unasked} messages that nobody asked for` }),
        )
    }
    await start()
  }
  return transport
}

function isUnasked(message: JSONRPCMessage): boolean {
  return 'method' in message
}
