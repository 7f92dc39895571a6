import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProxyAgent } from 'undici'
import { type EgressDecision, openEgress, socketName } from '../sandbox/index.ts'
import type { HttpServer } from './configuration.ts'
import { mcpErrors } from './errors.ts'
import type { TransportLimits } from './process-transport.ts'

/** Requests to one server, through an egress proxy that lets nothing else through. */
export interface EgressFetch {
  readonly fetch: FetchLike
  /** Why the proxy refused, if it did. */
  readonly refusal: string | undefined
  /** Tells of the first thing that was too much. */
  onFlood?: (error: Error) => void
  close(): Promise<void>
}

const connectMs = 20_000

/** Opens a proxy whose allow-list has one entry: the server. */
export async function openEgressFetch(
  server: HttpServer,
  runId: string,
  limits: TransportLimits,
): Promise<EgressFetch> {
  const url = new URL(server.url)
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const directory = await mkdtemp(join(tmpdir(), 'atelier-mcp-'))
  let last: EgressDecision | undefined
  const egress = await openEgress(directory, {
    sandboxId: `mcp-${server.name}`,
    runId,
    policy: {
      kind: 'allow-list',
      hosts: [{ host: url.hostname, port, allowPrivate: server.allowPrivate }],
    },
    onDecision: (decision) => (last = decision),
  })
  const { ProxyAgent } = await import('undici')
  const dispatcher = new ProxyAgent({
    uri: 'http://egress.invalid',
    connectTimeout: connectMs,
    proxyTls: { socketPath: join(directory, socketName) },
  })
  const counter = new ByteCounter(limits)
  return {
    fetch: (target, init) => proxiedFetch(dispatcher, counter, new URL(target), init),
    get refusal() {
      return last?.allowed === false ? `${last.host}:${last.port}: ${last.reason ?? 'refused'}` : undefined
    },
    set onFlood(listener: (error: Error) => void) {
      counter.onFlood = listener
    },
    async close() {
      await dispatcher.destroy()
      await egress.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function proxiedFetch(
  dispatcher: ProxyAgent,
  counter: ByteCounter,
  url: URL,
  init: RequestInit = {},
): Promise<Response> {
  const { statusCode, headers, body } = await dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: methodOf(init),
    headers: Object.fromEntries(new Headers(init.headers)),
    ...(typeof init.body === 'string' ? { body: init.body } : {}),
    ...(init.signal ? { signal: init.signal } : {}),
    // A stream of events may be silent for long; calls have deadlines of their own.
    bodyTimeout: 0,
  })
  const flat = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as [string, string]],
  )
  const hasBody = ![101, 204, 205, 304].includes(statusCode)
  if (!hasBody) await body.dump()
  return new Response(hasBody ? counter.limit(body) : null, { status: statusCode, headers: flat })
}

function methodOf({ method = 'GET' }: RequestInit): 'GET' | 'POST' | 'DELETE' {
  if (method === 'GET' || method === 'POST' || method === 'DELETE') return method
  throw mcpErrors.BAD_ANSWER({ detail: `the protocol knows no ${method}` })
}

/** Counts what comes from a server: each answer, and each event of a stream of them, by itself, and all together. */
class ByteCounter {
  onFlood: ((error: Error) => void) | undefined
  readonly #limits: TransportLimits
  #session = 0

  constructor(limits: TransportLimits) {
    this.#limits = limits
  }

  limit(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
    return ReadableStream.from(this.#counted(body))
  }

  async *#counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { messageBytes, sessionBytes } = this.#limits
    let sinceLineEnd = 0
    for await (const chunk of body) {
      this.#session += chunk.length
      const end = chunk.lastIndexOf(10)
      sinceLineEnd = end === -1 ? sinceLineEnd + chunk.length : chunk.length - end
      if (sinceLineEnd > messageBytes || this.#session > sessionBytes) {
        const error = mcpErrors.FLOODED({
          detail:
            sinceLineEnd > messageBytes
              ? `a message of more than ${messageBytes} bytes`
              : `more than ${sessionBytes} bytes in one session`,
        })
        this.onFlood?.(error)
        throw error
      }
      yield chunk
    }
  }
}
