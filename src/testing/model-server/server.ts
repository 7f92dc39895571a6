import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { modelServerErrors } from './errors.ts'
import { checkProbabilities } from './faults/index.ts'
import type { FaultProbabilities } from './faults/index.ts'
import { ModelService } from './service.ts'
import type { RequestLog } from './request-log.ts'
import { readScenario } from './scenario-file.ts'
import type { ScenarioSource } from './scenario.ts'

export interface ModelServerOptions {
  /** A YAML file, the name of a shipped scenario, or the scenario itself. */
  readonly scenario?: string | ScenarioSource
  /** Several, in order of precedence, after `scenario`. */
  readonly scenarios?: readonly (string | ScenarioSource)[]
  /** Of the faults that happen by chance: the same seed and requests give the same faults. */
  readonly seed?: number
  /** How often each fault happens, from 0 to 1. */
  readonly faults?: FaultProbabilities
  /** Milliseconds between pieces of every stream, where a scenario does not say. */
  readonly pace?: number
  /** The only key that is let in; without it any key is, and none. */
  readonly key?: string
  /** Where to listen: an address and a port (0 for any free one), or a Unix socket. */
  readonly host?: string
  readonly port?: number
  readonly socket?: string
  /** How many requests the log keeps, and of how many bytes in total. */
  readonly log?: { readonly entries?: number; readonly bytes?: number }
}

export interface ModelServer extends AsyncDisposable {
  /** Of a server on a port: what a client takes as its base, without `/v1`. */
  readonly url: string
  readonly port: number | undefined
  readonly socket: string | undefined
  readonly requests: RequestLog
  /** Stops at once, whatever is on its way. */
  close(): Promise<void>
}

/**
 * Starts a server that speaks the protocols of OpenAI, Anthropic, Google and Amazon Bedrock and answers as scenarios say.
 *
 * @throws ATL_MODEL_SERVER_SCENARIO_UNREADABLE, ATL_MODEL_SERVER_SCENARIO_INVALID, ATL_MODEL_SERVER_FAULTS_INVALID,
 *   ATL_MODEL_SERVER_CANNOT_LISTEN
 */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const { scenario, scenarios = [], seed = 0, faults = {}, pace = 0, key, log = {} } = options
  const sources = scenario === undefined ? scenarios : [scenario, ...scenarios]
  const service = new ModelService({
    scenarios: await Promise.all(sources.map(readScenario)),
    faults: checkProbabilities(faults),
    seed,
    pace,
    key,
    log: { entries: log.entries ?? 1_000, bytes: log.bytes ?? 64 * 1024 * 1024 },
  })
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void service.handle(request, response)
  })
  // Hanging is what the server is for; the caller has the patience.
  server.requestTimeout = 0
  server.keepAliveTimeout = 60_000
  await listen(server, options)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : undefined
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= stop(server, service))
  return {
    url: port === undefined ? 'http://localhost' : urlOf(address as AddressInfo),
    port,
    socket: options.socket,
    requests: service.requests,
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function listen(server: Server, options: ModelServerOptions): Promise<void> {
  const { host = '127.0.0.1', port = 0, socket } = options
  try {
    server.listen(socket === undefined ? { host, port } : { path: socket })
    await once(server, 'listening')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw modelServerErrors.CANNOT_LISTEN({ detail: reason, cause })
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function stop(server: Server, service: ModelService): Promise<void> {
  service.stop()
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
