import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineOperation, eventStream, type Operation } from '../../contracts/api/index.ts'
import type { Caller, Principal } from '../../contracts/index.ts'
import { type PrincipalId, silentLogger } from '../../kernel/index.ts'
import { createTestDatabase, type TestDatabase, type TenantScope } from '../../testing/index.ts'
import type { AnyHandling, Handler } from './handler.ts'
import { httpMigrations } from './migrations.ts'
import { type ApiServer, type ApiServerOptions, startApiServer } from './server.ts'

const readNote = defineOperation({
  id: 'readNote',
  method: 'GET',
  path: '/api/v1/notes/{noteId}',
  tag: 'notes',
  summary: 'A note',
  access: { action: 'read-project', resource: 'project' },
  params: z.strictObject({ noteId: z.string().max(20) }),
  query: z.strictObject({ times: z.int().min(1).max(3).default(1), loud: z.boolean().optional() }),
  answer: { 200: z.object({ text: z.string() }) },
})
const writeNote = defineOperation({
  id: 'writeNote',
  method: 'POST',
  path: '/api/v1/notes',
  tag: 'notes',
  summary: 'Write a note',
  access: { action: 'submit-work-item', resource: 'project' },
  body: z.strictObject({ text: z.string().max(100_000) }),
  answer: { 201: z.object({ number: z.int() }) },
})
const changeNote = defineOperation({
  id: 'changeNote',
  method: 'PUT',
  path: '/api/v1/notes/{noteId}',
  tag: 'notes',
  summary: 'Change a note',
  access: { authenticated: true },
  params: z.strictObject({ noteId: z.string() }),
  body: z.strictObject({ text: z.string() }),
  ifMatch: { of: 'readNote', required: true },
  answer: { 204: null },
})
const watchNotes = defineOperation({
  id: 'watchNotes',
  method: 'GET',
  path: '/api/v1/notes/events',
  tag: 'notes',
  summary: 'Notes as they come',
  access: { public: true },
  answer: { 200: eventStream(z.object({ number: z.int() })) },
})

let fixture: TestDatabase
let scope: TenantScope
let writes = 0
let text = 'first'
let gate: Promise<unknown> = Promise.resolve()
let handling: (signal: AbortSignal) => Promise<unknown> = () => gate
const running: ApiServer[] = []

const write: Handler<typeof writeNote> = async ({ body, signal }) => {
  if (body.text === 'fail') throw new TypeError('secret of the inside')
  await handling(signal)
  return { number: (writes += 1) }
}
const handlers: Record<string, AnyHandling['handle']> = {
  readNote: (({ query }) =>
    Promise.resolve({ text: text.repeat(query.times), hidden: 'not in the contract' })) satisfies Handler<
    typeof readNote
  >,
  writeNote: write,
  changeNote: (({ body, assertUnchanged }) => {
    assertUnchanged({ text })
    text = body.text
    return Promise.resolve()
  }) satisfies Handler<typeof changeNote>,
  watchNotes: (({ lastEventId, signal }) =>
    Promise.resolve(notesAfter(lastEventId, signal))) satisfies Handler<typeof watchNotes>,
}

async function* notesAfter(lastEventId: string | undefined, signal: AbortSignal) {
  for (let number = Number(lastEventId ?? 0) + 1; number <= 3; number += 1)
    yield { id: String(number), data: { number } }
  if (lastEventId === undefined) await new Promise((resolve) => signal.addEventListener('abort', resolve))
}
const operations: Record<string, Operation> = { readNote, writeNote, changeNote, watchNotes }

beforeAll(async () => {
  fixture = await createTestDatabase({ migrations: httpMigrations })
  scope = await fixture.createTenant()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close({ graceMs: 0 })))
  gate = Promise.resolve()
  handling = () => gate
})
afterAll(() => fixture.close())

function callerOf(name: string, scopes: Caller['scopes'] = 'all', via: Caller['via'] = 'token'): Caller {
  const principal: Principal = {
    kind: 'person',
    id: name as PrincipalId,
    tenantId: scope.tenantId,
    roles: ['engineer'],
    onBehalfOf: undefined,
  }
  return { principal, via, credentialId: 'credential', scopes }
}

/** A server at which the token is the name of the caller. */
async function serve(options: Partial<ApiServerOptions> = {}): Promise<string> {
  const callers: Record<string, Caller> = {
    ada: callerOf('person:ada'),
    bob: callerOf('person:bob'),
    reader: callerOf('person:ada', ['read-project']),
    browser: callerOf('person:ada', 'all', 'session'),
  }
  const server = await startApiServer({
    operations,
    handlers,
    authenticator: {
      authenticate: ({ authorization }) =>
        Promise.resolve(callers[authorization?.replace('Bearer ', '') ?? '']),
      changed: () => Promise.resolve(new Set()),
    },
    database: fixture.database,
    logger: silentLogger,
    version: '0.0.0',
    listen: { host: '127.0.0.1', port: 0 },
    checkReady: () => Promise.resolve(),
    ...options,
  })
  running.push(server)
  return server.url
}

const json = (value: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { authorization: 'Bearer ada', 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
})
const as = (name: string): RequestInit => ({ headers: { authorization: `Bearer ${name}` } })

describe('requests', () => {
  it('are read, answered by contract, and answered again only when something changed', async () => {
    const url = await serve()
    const first = await fetch(`${url}/api/v1/notes/1?times=2`, as('ada'))
    expect(await first.json()).toEqual({ text: 'firstfirst' })
    const etag = first.headers.get('etag') ?? ''
    const again = await fetch(`${url}/api/v1/notes/1?times=2`, {
      headers: { authorization: 'Bearer ada', 'if-none-match': etag },
    })
    expect(again.status).toBe(304)
  })

  it.each([
    ['nobody', '/api/v1/notes/1', {}, 401, 'ATL_API_NOT_AUTHENTICATED'],
    [
      'a token without the scope',
      '/api/v1/notes',
      json({ text: '' }, { authorization: 'Bearer reader' }),
      403,
      'ATL_API_SCOPE_MISSING',
    ],
    ['a wrong parameter', '/api/v1/notes/1?times=9', as('ada'), 400, 'ATL_API_REQUEST_INVALID'],
    ['an unknown parameter', '/api/v1/notes/1?what=9', as('ada'), 400, 'ATL_API_REQUEST_INVALID'],
    ['a long parameter', `/api/v1/notes/${'x'.repeat(400)}`, as('ada'), 400, 'ATL_API_REQUEST_INVALID'],
    ['a broken escape', '/api/v1/notes/%zz', as('ada'), 400, 'ATL_API_BODY_INVALID'],
    ['an unknown address', '/api/v1/nothing', as('ada'), 404, 'ATL_API_NO_ROUTE'],
    ['a body of the wrong shape', '/api/v1/notes', json({ text: 1 }), 400, 'ATL_API_REQUEST_INVALID'],
    ['a broken body', '/api/v1/notes', { ...json({}), body: '{' }, 400, 'ATL_API_BODY_INVALID'],
    [
      'a body of another type',
      '/api/v1/notes',
      json('x', { 'content-type': 'text/plain' }),
      400,
      'ATL_API_BODY_INVALID',
    ],
    ['a huge body', '/api/v1/notes', json({ text: 'x'.repeat(200_000) }), 413, 'ATL_API_BODY_TOO_LARGE'],
    ['a defect', '/api/v1/notes', json({ text: 'fail' }), 500, 'ATL_INTERNAL'],
  ])('of %s are refused as a problem', async (_, path, init, status, code) => {
    const url = await serve({ limits: { bodyBytes: 100_000 } })
    const response = await fetch(`${url}${path}`, init)
    const body = await response.text()
    expect(JSON.parse(body)).toMatchObject({ status, code, remedy: expect.any(String) as string })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(body).not.toContain('secret of the inside')
  })

  it('of other sites cannot use a session', async () => {
    const url = await serve()
    const post = (headers: Record<string, string>) =>
      fetch(`${url}/api/v1/notes`, json({ text: 'x' }, { authorization: 'Bearer browser', ...headers }))
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await post({})).status).toBe(403)
    expect((await post({ origin: url })).status).toBe(201)
  })

  it('are limited for each caller', async () => {
    const url = await serve({ limits: { requestsPerMinute: 3, anonymousPerMinute: 1 } })
    const status = async (name: string) => (await fetch(`${url}/api/v1/notes/1`, as(name))).status
    expect([await status('ada'), await status('ada'), await status('ada'), await status('ada')]).toEqual([
      200, 200, 200, 429,
    ])
    expect(await status('bob')).toBe(200)
    expect([await status('nobody'), await status('nobody')]).toEqual([401, 429])
  })

  it('by nobody are limited for each address, as far as the proxies before the studio are known', async () => {
    const limits = { anonymousPerMinute: 1 }
    const statusFrom = async (url: string, address: string) =>
      (await fetch(`${url}/api/v1/notes/1`, { headers: { 'x-forwarded-for': address } })).status
    const behind = await serve({ limits, proxies: ['127.0.0.0/8'] })
    expect(await statusFrom(behind, '192.0.2.1')).toBe(401)
    expect(await statusFrom(behind, '192.0.2.2')).toBe(401)
    // What the client itself claims stands before what the proxy adds.
    expect(await statusFrom(behind, '192.0.2.3, 192.0.2.1')).toBe(429)
    const open = await serve({ limits, proxies: ['192.0.2.9'] })
    expect([await statusFrom(open, '192.0.2.1'), await statusFrom(open, '192.0.2.2')]).toEqual([401, 429])
  })

  it('that are never finished are ended', async () => {
    const url = new URL(await serve({ limits: { sendMs: 300 } }))
    const socket = connect(Number(url.port), url.hostname)
    socket.write(
      'POST /api/v1/notes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ada\r\ncontent-length: 5\r\n',
    )
    const answer = await new Promise<string>((resolve) => {
      let received = ''
      socket.on('data', (chunk) => (received += chunk.toString())).on('close', () => resolve(received))
    })
    expect(answer).toContain('408')
  }, 60_000)

  it('that take too long are given up, and the work is told', async () => {
    const url = await serve({ limits: { answerMs: 50 } })
    let told = false
    handling = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          told = true
          resolve(undefined)
        })
      })
    const response = await fetch(`${url}/api/v1/notes`, json({ text: 'slow' }))
    expect(await response.json()).toMatchObject({ code: 'ATL_API_TIMED_OUT', retryable: true })
    expect(told).toBe(true)
  })
})

describe('changes', () => {
  it('need the version that was read, and lose against an earlier one', async () => {
    text = 'first'
    const url = await serve()
    const put = (match?: string) =>
      fetch(`${url}/api/v1/notes/1`, {
        ...json({ text: 'second' }, match === undefined ? {} : { 'if-match': match }),
        method: 'PUT',
      })
    const etag = (await fetch(`${url}/api/v1/notes/1`, as('ada'))).headers.get('etag') ?? ''
    expect((await put()).status).toBe(428)
    expect((await put(etag)).status).toBe(204)
    expect((await put(etag)).status).toBe(412)
  })

  it('with a key are made once', async () => {
    const url = await serve()
    const key = { 'idempotency-key': 'one' }
    const post = (value: unknown, headers: Record<string, string> = key) =>
      fetch(`${url}/api/v1/notes`, json(value, headers))
    const before = writes
    const first = await post({ text: 'x' })
    const second = await post({ text: 'x' })
    expect(await second.json()).toEqual(await first.json())
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(writes).toBe(before + 1)
    expect(await (await post({ text: 'other' })).json()).toMatchObject({ code: 'ATL_API_KEY_REUSED' })
    // Another person's key of the same name is another key.
    await post({ text: 'x' }, { ...key, authorization: 'Bearer bob' })
    expect(writes).toBe(before + 2)
    // What failed may be tried again.
    const failing = { 'idempotency-key': 'two' }
    expect((await post({ text: 'fail' }, failing)).status).toBe(500)
    expect((await post({ text: 'fail' }, failing)).status).toBe(500)
  })

  it('with the same key at the same time are made once', async () => {
    const url = await serve()
    const before = writes
    const { promise, resolve } = Promise.withResolvers<undefined>()
    gate = promise
    const post = () => fetch(`${url}/api/v1/notes`, json({ text: 'x' }, { 'idempotency-key': 'three' }))
    const all = Promise.all(Array.from({ length: 8 }, post))
    setTimeout(() => resolve(undefined), 300)
    const statuses = (await all).map(({ status }) => status).sort()
    expect(writes).toBe(before + 1)
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true)
    expect((await post()).status).toBe(201)
    expect(writes).toBe(before + 1)
  })
})

describe('streams', () => {
  it('go on behind the last event, show that they are alive, and end', async () => {
    const url = await serve({ limits: { heartbeatMs: 20 } })
    const stop = new AbortController()
    const response = await fetch(`${url}/api/v1/notes/events`, { signal: stop.signal })
    const reader = response.body!.getReader()
    let received = ''
    while (!received.includes(': alive'))
      received += Buffer.from((await reader.read()).value ?? []).toString()
    expect(received).toContain('id: 3\ndata: {"number":3}\n\n')
    stop.abort()
    const resumed = await fetch(`${url}/api/v1/notes/events`, { headers: { 'last-event-id': '2' } })
    expect(await resumed.text()).toBe('retry: 1000\n\nid: 3\ndata: {"number":3}\n\nevent: end\ndata: {}\n\n')
  })

  it('are limited, and end with the server', async () => {
    const url = await serve({ limits: { streams: 1 } })
    const open = await fetch(`${url}/api/v1/notes/events`)
    const refused = await fetch(`${url}/api/v1/notes/events`)
    expect(await refused.json()).toMatchObject({ code: 'ATL_API_TOO_MANY_STREAMS' })
    const ended = open.text()
    await running.pop()?.close()
    expect(await ended).not.toContain('event: end')
  })

  it('of those who left while it was found out who they are hold nothing', async () => {
    const known = Promise.withResolvers<undefined>()
    const asked = Promise.withResolvers<undefined>()
    const url = await serve({
      limits: { streams: 1 },
      authenticator: {
        authenticate: async () => {
          asked.resolve(undefined)
          await known.promise
          return callerOf('person:ada')
        },
        changed: () => Promise.resolve(new Set()),
      },
    })
    const { port } = new URL(url)
    const leaving = connect(Number(port), '127.0.0.1')
    leaving.write('GET /api/v1/notes/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await asked.promise
    leaving.destroy()
    await delay(100)
    known.resolve(undefined)
    await delay(100)
    const open = await fetch(`${url}/api/v1/notes/events`)
    expect(open.status).toBe(200)
    await running.pop()?.close()
    await open.text()
  })
})

describe('the server', () => {
  it('finishes what is under way before it ends', async () => {
    const url = await serve()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    let started = false
    handling = () => {
      started = true
      return promise
    }
    const answer = fetch(`${url}/api/v1/notes`, json({ text: 'x' }))
    await expect.poll(() => started).toBe(true)
    const closing = running.pop()?.close({ graceMs: 20_000 })
    resolve(undefined)
    expect((await answer).status).toBe(201)
    await closing
  })

  it('says whether it lives and whether it can work', async () => {
    const url = await serve({ checkReady: () => Promise.reject(new Error('no database')) })
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ code: 'ATL_API_NOT_READY' })
  })

  it('refuses an address that is taken', async () => {
    const port = Number(new URL(await serve()).port)
    await expect(serve({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({
      code: 'ATL_API_CANNOT_LISTEN',
    })
  })

  it('serves the web application for every address of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atelier-web-'))
    mkdirSync(join(folder, 'assets'))
    writeFileSync(
      join(folder, 'index.html'),
      '<script nonce="__CSP_NONCE__" src="/assets/app-1.js"></script>',
    )
    writeFileSync(join(folder, 'assets/app-1.js'), 'start()')
    const url = await serve({ webDirectory: folder })
    const page = await fetch(`${url}/runs/run_1`)
    const nonce = /nonce="([^"]+)"/.exec(await page.text())?.[1] ?? ''
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(nonce).toMatch(/^[\w+/]{20,}$/)
    expect(policy).toContain(`script-src 'self' 'nonce-${nonce}'`)
    expect(policy).not.toContain('unsafe')
    const script = await fetch(`${url}/assets/app-1.js`)
    expect(script.headers.get('cache-control')).toContain('immutable')
    expect(await script.text()).toBe('start()')
    expect((await fetch(`${url}/assets/app-0.js`)).status).toBe(404)
    expect((await fetch(`${url}/assets/..%2f..%2f..%2fetc%2fpasswd`)).status).toBe(404)
    rmSync(folder, { recursive: true })
  })
})
