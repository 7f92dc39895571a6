import { lookup } from 'node:dns/promises'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Transform, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { EgressPolicy } from '../port.ts'
import { readTunnelStart } from './client-hello.ts'
import { judge, plainName, type EgressRefusal, type EgressVerdict, type Resolve } from './policy.ts'

/** One attempt of a sandbox to reach something, as it was decided. */
export interface EgressDecision {
  readonly sandboxId: string
  readonly runId: string
  readonly method: string
  readonly host: string
  readonly port: number
  readonly allowed: boolean
  /** The address that was connected to. */
  readonly address?: string
  readonly reason?: EgressRefusal
}

export interface ProxyOptions {
  readonly sandboxId: string
  readonly runId: string
  readonly policy: EgressPolicy
  readonly onDecision: (decision: EgressDecision) => void
  readonly resolve?: Resolve
  readonly limits?: Partial<ProxyLimits>
}

export interface ProxyLimits {
  /** Bytes in both directions over the life of the sandbox. */
  readonly bytes: number
  readonly connections: number
  readonly connectMs: number
  /** A connection on which nothing moves for this long is cut. */
  readonly idleMs: number
}

const defaultLimits: ProxyLimits = {
  bytes: 4 * 1024 ** 3,
  connections: 128,
  connectMs: 20_000,
  idleMs: 120_000,
}

/** Headers that concern one connection only (RFC 9110 section 7.6.1) and are not passed on. */
const hopByHop = new Set(
  ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te'].concat(
    'trailer',
    'transfer-encoding',
    'upgrade',
  ),
)

const resolveAll: Resolve = (host) => lookup(host, { all: true, order: 'ipv4first' })

/**
 * The only way out of a sandbox: a proxy for HTTP and for TLS tunnels (CONNECT) that lets through what the policy
 * allows and reports every decision. It is not listening yet.
 */
export function createProxy(options: ProxyOptions): Server {
  const proxy = new Proxy(options)
  const server = createServer((message, response) => {
    void proxy.forward(message, response)
  })
  server.on('connect', (message: IncomingMessage, client: Duplex, head: Buffer) => {
    void proxy.tunnel(message, client, head)
  })
  server.on('clientError', (_error, client) => client.destroy())
  return server
}

class Proxy {
  readonly #options: ProxyOptions
  readonly #limits: ProxyLimits
  #bytes = 0
  #connections = 0

  constructor(options: ProxyOptions) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
  }

  /** Serves `CONNECT host:port`. */
  async tunnel(message: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on('error', () => undefined)
    const [, name = '', port = ''] = /^(.*):(\d{1,5})$/.exec(message.url ?? '') ?? []
    const host = plainName(name)
    const destination = { method: 'CONNECT', host, port: Number(port) }
    try {
      const verdict = await this.#decide(destination)
      if (!verdict.allowed) {
        client.end(refusalLine(destination.host, destination.port, verdict.reason))
        return
      }
      await this.#counted(async () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        const start = await this.#firstBytes(client, head)
        const problem = this.#problemWith(start, host)
        if (problem !== null) {
          this.#report(destination, { allowed: false, reason: problem })
          client.destroy()
          return
        }
        const server = await this.#connect(verdict.address, destination.port)
        server.write(start)
        await Promise.allSettled([
          pipeline(client, this.#meter(), server),
          pipeline(server, this.#meter(), client),
        ])
      })
    } catch {
      client.destroy()
    }
  }

  /** Serves a request for an absolute `http:` address. */
  async forward(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(message.url ?? '')
    if (url?.protocol !== 'http:') {
      response.writeHead(400).end('This is a proxy: send an absolute http address, or CONNECT for https.\n')
      return
    }
    const destination = {
      method: message.method ?? '',
      host: plainName(url.hostname),
      port: Number(url.port || 80),
    }
    try {
      const verdict = await this.#decide(destination)
      if (!verdict.allowed) {
        response.writeHead(403, { 'content-type': 'text/plain', connection: 'close' })
        response.end(refusalText(destination.host, destination.port, verdict.reason))
        return
      }
      await this.#counted(() => this.#exchange(message, response, url, verdict.address))
    } catch {
      if (!response.headersSent) response.writeHead(502)
      response.end()
    }
  }

  async #exchange(
    message: IncomingMessage,
    response: ServerResponse,
    url: URL,
    address: string,
  ): Promise<void> {
    const upstream = request({
      host: address,
      port: Number(url.port || 80),
      method: message.method,
      path: url.pathname + url.search,
      headers: { ...passedOn(message.headers), host: url.host },
      timeout: this.#limits.idleMs,
      agent: false,
    })
    upstream.on('timeout', () => upstream.destroy(new Error('nothing moved')))
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once('response', resolve)
      upstream.once('error', reject)
    })
    const sent = pipeline(message, this.#meter(), upstream)
    sent.catch(() => undefined)
    const answer = await answered
    response.writeHead(answer.statusCode ?? 502, passedOn(answer.headers))
    await pipeline(answer, this.#meter(), response)
  }

  async #decide(destination: { method: string; host: string; port: number }): Promise<EgressVerdict> {
    const { policy, resolve = resolveAll } = this.#options
    const isFull = this.#connections >= this.#limits.connections || this.#bytes >= this.#limits.bytes
    const verdict: EgressVerdict = isFull
      ? { allowed: false, reason: 'limit-reached' }
      : await judge(policy, destination.host, destination.port, resolve)
    this.#report(destination, verdict)
    return verdict
  }

  #report(destination: { method: string; host: string; port: number }, verdict: EgressVerdict): void {
    const { sandboxId, runId, onDecision } = this.#options
    onDecision({ sandboxId, runId, ...destination, ...verdict })
  }

  async #counted(work: () => Promise<void>): Promise<void> {
    this.#connections += 1
    try {
      await work()
    } finally {
      this.#connections -= 1
    }
  }

  /** The bytes with which a client opens its tunnel, once they are enough to tell which name it asks for. */
  async #firstBytes(client: Duplex, head: Buffer): Promise<Buffer> {
    let bytes = head
    const timer = setTimeout(() => client.destroy(), this.#limits.connectMs)
    try {
      while (readTunnelStart(bytes).kind === 'incomplete') {
        const chunk = (client.read() as Buffer | null) ?? (await nextChunk(client))
        if (chunk === null) break
        bytes = Buffer.concat([bytes, chunk])
      }
    } finally {
      clearTimeout(timer)
    }
    return bytes
  }

  #problemWith(start: Buffer, host: string): EgressRefusal | null {
    const found = readTunnelStart(start)
    if (found.kind !== 'tls') return 'not-tls'
    return found.serverName === null || plainName(found.serverName) === host ? null : 'other-name-in-tls'
  }

  async #connect(address: string, port: number): Promise<Socket> {
    const server = connect({ host: address, port })
    server.setTimeout(this.#limits.connectMs, () => server.destroy(new Error('no answer')))
    await new Promise<void>((resolve, reject) => {
      server.once('connect', resolve)
      server.once('error', reject)
    })
    server.setTimeout(this.#limits.idleMs, () => server.destroy())
    return server
  }

  /** Counts what passes and cuts the connection at the limit. */
  #meter(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#bytes += chunk.length
        if (this.#bytes > this.#limits.bytes) done(new Error('the sandbox has used up its traffic'))
        else done(null, chunk)
      },
    })
  }
}

function nextChunk(client: Duplex): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const finish = (): void => {
      client.off('readable', finish).off('end', finish).off('close', finish)
      resolve(client.read() as Buffer | null)
    }
    client.on('readable', finish).on('end', finish).on('close', finish)
  })
}

function passedOn(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)))
}

function refusalText(host: string, port: number, reason: EgressRefusal): string {
  return `The sandbox may not connect to ${host}:${port}: ${reason.replaceAll('-', ' ')}.\n`
}

function refusalLine(host: string, port: number, reason: EgressRefusal): string {
  const text = refusalText(host, port, reason)
  const head = [
    'HTTP/1.1 403 Forbidden',
    'Content-Type: text/plain',
    `Content-Length: ${text.length}`,
    'Connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${text}`
}
