import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, request, type IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AllowedHost, EgressPolicy } from '../port.ts'
import { isPublicAddress } from './addresses.ts'
import { readTunnelStart } from './client-hello.ts'
import { openEgress, socketName, type Egress } from './egress.ts'
import { judge, matchHost } from './policy.ts'
import type { EgressDecision, ProxyLimits } from './proxy.ts'

const allow = (...hosts: AllowedHost[]): EgressPolicy => ({ kind: 'allow-list', hosts })

describe('addresses', () => {
  it.each([
    '8.8.8.8',
    '203.0.113.80',
    '2606:4700::1111',
    '64:ff9b::808:808',
    '::ffff:8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
  ])('counts %s as public', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  it.each([
    ...[
      '127.0.0.1',
      '127.255.1.2',
      '0.0.0.0',
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
    ],
    ...[
      '100.64.0.1',
      '100.100.100.200',
      '224.0.0.1',
      '255.255.255.255',
      '::1',
      '::',
      'fe80::1',
      'fd00:ec2::254',
      'ff02::1',
    ],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:169.254.169.254',
      '::ffff:a9fe:a9fe',
      '64:ff9b::10.0.0.1',
      '2002:7f00:1::',
      '::127.0.0.1',
    ],
    ...['fe80::1%eth0', 'not-an-address', '', '1.2.3'],
  ])('does not count %s as public', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  it('treats an address wrapped in IPv6 as the address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
        const groups = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
        for (const wrapped of [
          `::ffff:${address}`,
          `::ffff:${groups}`,
          `64:ff9b::${groups}`,
          `2002:${groups}::1`,
        ])
          expect(isPublicAddress(wrapped), wrapped).toBe(isPublicAddress(address))
      }),
    )
  })
})

describe('the policy', () => {
  const never = (): Promise<never> => Promise.reject(new Error('must not be asked'))

  it('matches names without case and final dot, and wildcards below a domain only', () => {
    const policy = allow({ host: 'Registry.npmjs.org', port: 443 }, { host: '*.example.org', port: 443 })
    for (const host of ['registry.npmjs.org', 'REGISTRY.NPMJS.ORG.', 'a.example.org', 'a.b.example.org'])
      expect(matchHost(policy, host, 443), host).toBeDefined()
    for (const host of [
      'npmjs.org',
      'evil-registry.npmjs.org',
      'registry.npmjs.org.evil.com',
      'example.org',
      'evilexample.org',
      '127.0.0.1',
    ])
      expect(matchHost(policy, host, 443), host).toBeUndefined()
    expect(matchHost(policy, 'registry.npmjs.org', 80)).toBeUndefined()
  })

  it('does not even resolve what is not allowed', async () => {
    expect(await judge({ kind: 'none' }, 'a.org', 443, never)).toEqual({
      allowed: false,
      reason: 'not-on-the-allow-list',
    })
    expect(await judge(allow({ host: 'a.org', port: 443 }), 'b.org', 443, never)).toEqual({
      allowed: false,
      reason: 'not-on-the-allow-list',
    })
  })

  it('connects to the address that was checked, and refuses a name with any private address', async () => {
    const policy = allow({ host: 'a.org', port: 443 })
    const resolveTo =
      (...addresses: string[]) =>
      () =>
        Promise.resolve(addresses.map((address) => ({ address })))
    expect(await judge(policy, 'a.org', 443, resolveTo('8.8.8.8', '8.8.4.4'))).toEqual({
      allowed: true,
      address: '8.8.8.8',
    })
    for (const addresses of [['169.254.169.254'], ['8.8.8.8', '127.0.0.1'], ['::ffff:10.0.0.1']])
      expect(await judge(policy, 'a.org', 443, resolveTo(...addresses))).toEqual({
        allowed: false,
        reason: 'private-address',
      })
    expect(await judge(policy, 'a.org', 443, resolveTo())).toEqual({
      allowed: false,
      reason: 'name-not-resolved',
    })
    expect(await judge(policy, 'a.org', 443, never)).toEqual({ allowed: false, reason: 'name-not-resolved' })
    const inside = allow({ host: 'a.org', port: 443, allowPrivate: true })
    expect(await judge(inside, 'a.org', 443, resolveTo('10.0.0.1'))).toEqual({
      allowed: true,
      address: '10.0.0.1',
    })
  })

  it('checks literal addresses as well', async () => {
    const policy = allow({ host: '169.254.169.254', port: 80 }, { host: '[::1]', port: 80 })
    for (const host of ['169.254.169.254', '::1', '[::1]'])
      expect(await judge(policy, host, 80, never), host).toEqual({
        allowed: false,
        reason: 'private-address',
      })
  })
})

/** The first bytes that a real TLS client sends. */
async function clientHello(servername: string): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connectTls({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, servername })
  client.on('error', () => undefined)
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  server.close()
  return bytes
}

describe('the start of a tunnel', () => {
  it('names the server a real client asks for, however it is cut', async () => {
    const hello = await clientHello('registry.npmjs.org')
    expect(readTunnelStart(hello)).toEqual({ kind: 'tls', serverName: 'registry.npmjs.org' })
    for (let length = 0; length < hello.length; length += 1)
      expect(readTunnelStart(hello.subarray(0, length)).kind).toBe('incomplete')
    expect(readTunnelStart(await clientHello(''))).toEqual({ kind: 'tls', serverName: null })
  })

  it('joins a greeting that was split over several records', async () => {
    const hello = await clientHello('registry.npmjs.org')
    const body = hello.subarray(5)
    const records = [body.subarray(0, 7), body.subarray(7, 60), body.subarray(60)].map((part) => {
      const head = Buffer.from([22, 3, 1, 0, 0])
      head.writeUInt16BE(part.length, 3)
      return Buffer.concat([head, part])
    })
    expect(readTunnelStart(Buffer.concat(records))).toEqual({ kind: 'tls', serverName: 'registry.npmjs.org' })
  })

  it('takes nothing else for TLS and never throws', async () => {
    for (const text of ['GET / HTTP/1.1\r\n', 'SSH-2.0-x\r\n', '\x16\x02'])
      expect(readTunnelStart(Buffer.from(text, 'latin1')).kind).toBe('not-tls')
    const hello = await clientHello('registry.npmjs.org')
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { maxLength: 20 }), (changes) => {
        const bytes = Buffer.from(hello)
        for (const [at, value] of changes) bytes[at] = value
        expect(['incomplete', 'not-tls', 'tls']).toContain(readTunnelStart(bytes).kind)
      }),
    )
  })
})

describe('the proxy', () => {
  let directory: string
  let web: Server
  let port: number
  const decisions: EgressDecision[] = []
  const open: Egress[] = []

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'atelier-egress-'))
    web = createHttpServer((message, response) => {
      response.writeHead(200, { 'x-seen': Object.keys(message.headers).sort().join() })
      message.pipe(response)
      if (message.method === 'GET') response.end(`${message.headers.host ?? ''} ${message.url ?? ''}`)
    })
    web.listen(0, '127.0.0.1')
    await once(web, 'listening')
    port = (web.address() as AddressInfo).port
  })
  afterAll(async () => {
    for (const egress of open) await egress.close()
    web.close()
    await rm(directory, { recursive: true })
  })

  let count = 0
  async function proxy(policy: EgressPolicy, limits: Partial<ProxyLimits> = {}): Promise<string> {
    const place = join(directory, `${'long-name-'.repeat(12)}${(count += 1)}`)
    open.push(
      await openEgress(place, {
        sandboxId: 'sbx',
        runId: 'run',
        policy,
        limits,
        onDecision: (decision) => decisions.push(decision),
        resolve: () => Promise.resolve([{ address: '127.0.0.1' }]),
      }),
    )
    return place
  }

  /** Opens the socket as the forwarder does; its own path is too long, so it is reached over a short one. */
  async function dial(place: string): Promise<Socket> {
    const { openSync, closeSync } = await import('node:fs')
    const descriptor = openSync(place, 'r')
    const socket = connect(`/proc/self/fd/${descriptor}/${socketName}`)
    await once(socket, 'connect')
    closeSync(descriptor)
    return socket
  }

  const fetchThrough = async (
    place: string,
    url: string,
    body?: string,
  ): Promise<{ status: number; text: string; seen: string }> => {
    const socket = await dial(place)
    const outgoing = request({
      path: url,
      method: body === undefined ? 'GET' : 'POST',
      headers: { host: 'lies.example', 'proxy-authorization': 'secret' },
      createConnection: () => socket,
    })
    outgoing.end(body)
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    let text = ''
    for await (const chunk of answer) text += String(chunk)
    return { status: answer.statusCode ?? 0, text, seen: String(answer.headers['x-seen']) }
  }

  const tunnel = async (place: string, destination: string, first: Buffer | string): Promise<string> => {
    const socket = await dial(place)
    socket.write(`CONNECT ${destination} HTTP/1.1\r\nHost: ${destination}\r\n\r\n`)
    const [head] = (await once(socket, 'data')) as [Buffer]
    if (!head.toString().includes(' 200 ')) return head.toString()
    socket.write(first)
    const received = await new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
      socket.on('close', () => resolve(text))
      setTimeout(() => socket.destroy(), 1_000)
    })
    return `200 ${received}`
  }

  it('forwards requests to allowed hosts, under their own name and without the proxy’s headers', async () => {
    const place = await proxy(allow({ host: 'registry.test', port, allowPrivate: true }))
    const got = await fetchThrough(place, `http://registry.test:${port}/a?b=c`)
    expect(got).toMatchObject({ status: 200, text: `registry.test:${port} /a?b=c` })
    expect(got.seen).not.toContain('proxy')
    expect(
      (await fetchThrough(place, `http://registry.test:${port}/`, 'x'.repeat(100_000))).text,
    ).toHaveLength(100_000)
    expect(decisions.at(-1)).toMatchObject({
      sandboxId: 'sbx',
      runId: 'run',
      method: 'POST',
      host: 'registry.test',
      port,
      allowed: true,
      address: '127.0.0.1',
    })
  })

  it('refuses everything else with a reason, and reports it', async () => {
    const place = await proxy(allow({ host: 'registry.test', port }))
    const other = await fetchThrough(place, `http://elsewhere.test:${port}/`)
    expect(other).toMatchObject({
      status: 403,
      text: `The sandbox may not connect to elsewhere.test:${port}: not on the allow list.\n`,
    })
    const privately = await fetchThrough(place, `http://registry.test:${port}/`)
    expect(privately.text).toContain('private address')
    expect(decisions.at(-1)).toMatchObject({ allowed: false, reason: 'private-address' })
    expect(await tunnel(place, 'elsewhere.test:443', '')).toMatch(/^HTTP\/1.1 403[^]*not on the allow list/)
    expect(await tunnel(place, 'nonsense', '')).toMatch(/^HTTP\/1.1 (400|403)/)
    expect((await fetchThrough(place, '/etc/passwd')).status).toBe(400)
    expect((await fetchThrough(place, 'file:///etc/passwd')).status).toBe(400)
  })

  it('carries a tunnel only for TLS to the name that was allowed', async () => {
    let received = Buffer.alloc(0)
    const peer = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk])
        socket.write('answer')
      })
    })
    peer.listen(0, '127.0.0.1')
    await once(peer, 'listening')
    const peerPort = (peer.address() as AddressInfo).port
    const place = await proxy(allow({ host: 'registry.test', port: peerPort, allowPrivate: true }))
    const destination = `registry.test:${peerPort}`
    const hello = await clientHello('registry.test')
    expect(await tunnel(place, destination, hello)).toBe('200 answer')
    expect(received.equals(hello)).toBe(true)
    received = Buffer.alloc(0)
    expect(await tunnel(place, destination, await clientHello('fronted.example'))).toBe('200 ')
    expect(decisions.at(-1)).toMatchObject({ allowed: false, reason: 'other-name-in-tls' })
    expect(await tunnel(place, destination, 'SSH-2.0-client\r\n')).toBe('200 ')
    expect(decisions.at(-1)).toMatchObject({ allowed: false, reason: 'not-tls' })
    expect(received).toHaveLength(0)
    peer.close()
  })

  it('stops at its limits', async () => {
    const host = { host: 'registry.test', port, allowPrivate: true }
    const place = await proxy(allow(host), { bytes: 50_000 })
    const cut = await fetchThrough(place, `http://registry.test:${port}/`, 'x'.repeat(100_000)).catch(
      () => null,
    )
    expect(cut?.text ?? '').not.toHaveLength(100_000)
    expect((await fetchThrough(place, `http://registry.test:${port}/`)).text).toContain('limit reached')
    const narrow = await proxy(allow(host), { connections: 0 })
    expect((await fetchThrough(narrow, `http://registry.test:${port}/`)).status).toBe(403)
  })

  it('answers when the server is gone', async () => {
    const gone = createServer()
    gone.listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const gonePort = (gone.address() as AddressInfo).port
    gone.close()
    const place = await proxy(allow({ host: 'registry.test', port: gonePort, allowPrivate: true }))
    expect((await fetchThrough(place, `http://registry.test:${gonePort}/`)).status).toBe(502)
    await writeFile(join(directory, 'done'), '')
  })
})
