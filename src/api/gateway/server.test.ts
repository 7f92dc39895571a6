import { request as httpRequest } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createTaskKeyAuthenticator,
  identityMigrations,
  issueTaskKey,
  openMandate,
  registerPrincipal,
} from '../../governance/identity/index.ts'
import type { TaskKeyAuthenticator } from '../../governance/identity/index.ts'
import { silentLogger } from '../../kernel/index.ts'
import type { PrincipalId, ProjectId, RunId } from '../../kernel/index.ts'
import { createTestDatabase, startModelServer } from '../../testing/index.ts'
import type { ModelServer, ScenarioSource, TestDatabase } from '../../testing/index.ts'
import { createScratchCore } from './scratch-core.ts'
import type { ScratchCore } from './scratch-core.ts'
import { startGatewayServer } from './server.ts'
import type { GatewayServer, GatewayServerOptions } from './server.ts'

const reader: ScenarioSource = {
  name: 'reader',
  steps: [
    {
      when: { last: 'read' },
      answer: ['I read. Ünï✓', { call: { tool: 'read_file', input: { path: 'a.md' } } }],
    },
    { when: { last: 'rest' }, answer: 'too fast', misbehave: { fault: '429', times: 1, retryAfter: 0 } },
    { when: { last: 'busy' }, misbehave: { fault: '429', retryAfter: 7 } },
    {
      when: { last: 'cut' },
      answer: 'one two three four five six',
      misbehave: { fault: 'cut-midstream', after: 2 },
      pace: '20ms',
    },
    { when: { last: 'slowly' }, answer: 'word '.repeat(400), pace: '50ms' },
    { when: { last: 'much' }, answer: 'x'.repeat(6_000_000) },
    { when: { last: 'hello' }, answer: 'Good day.' },
  ],
}

let test: TestDatabase
let upstream: ModelServer
let core: ScratchCore
let server: GatewayServer
let keys: TaskKeyAuthenticator
let key: string
let folder: string
let socket: string

const start = (options: Partial<GatewayServerOptions> = {}): Promise<GatewayServer> =>
  startGatewayServer({
    core,
    keys,
    logger: silentLogger,
    listen: [{ host: '127.0.0.1', port: 0 }],
    ...options,
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-gateway-'))
  socket = join(folder, 'gateway.sock')
  test = await createTestDatabase({ migrations: identityMigrations })
  const scope = await test.createTenant()
  const { tenantId } = scope
  const runId = 'run_1' as RunId
  const agent = 'agent:developer' as PrincipalId
  const issued = await test.database.transaction(scope, async (tx) => {
    await registerPrincipal(tx, tenantId, { id: agent, kind: 'agent', name: 'Developer', roles: [] })
    const projectId = 'project' as ProjectId
    await openMandate(tx, { tenantId, runId, projectId, requester: scope.principalId, repository: undefined })
    const principal = {
      kind: 'agent',
      id: agent,
      tenantId,
      roles: [],
      onBehalfOf: scope.principalId,
    } as const
    const models = ['m', 'org/large:1']
    return issueTaskKey(tx, {
      tenantId,
      runId,
      stepId: 'develop',
      attempt: 1,
      principal,
      models,
      lifetimeMs: 600_000,
    })
  })
  key = issued.key
  keys = createTaskKeyAuthenticator({ database: test.database })
  upstream = await startModelServer({ scenario: reader })
  core = createScratchCore(upstream.url)
  server = await start({
    listen: [
      { host: '127.0.0.1', port: 0 },
      { socket, mode: 0o666 },
    ],
  })
})

afterAll(async () => {
  await server.close()
  await upstream.close()
  await test.close()
  await rm(folder, { recursive: true, force: true })
})

const openai = (options: { apiKey?: string; maxRetries?: number; baseURL?: string } = {}): OpenAI =>
  new OpenAI({ baseURL: `${server.urls[0]!}/v1`, apiKey: key, maxRetries: 0, ...options })
const anthropic = (options: { apiKey?: string; maxRetries?: number } = {}): Anthropic =>
  new Anthropic({ baseURL: server.urls[0]!, apiKey: key, maxRetries: 0, ...options })
const say = (content: string) => ({ model: 'm', messages: [{ role: 'user' as const, content }] })

interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** A request of no client in particular. */
function send(options: RequestOptions & { readonly body?: string | Buffer }): Promise<Reply> {
  const { body, ...rest } = options
  const { hostname, port } = new URL(server.urls[0]!)
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { method: 'POST', ...(rest.socketPath === undefined && { hostname, port }), ...rest },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, text }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

const authorized = (more: Record<string, string> = {}) => ({
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
  ...more,
})

describe('the official OpenAI client', () => {
  const parameters = { type: 'object', properties: { path: { type: 'string' } } }

  it('chats, whole and streamed, with tools', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'read_file', parameters } }]
    const whole = await openai().chat.completions.create({ ...say('read a.md'), tools })
    expect(whole.choices[0]!.message.content).toBe('I read. Ünï✓')
    expect(whole.choices[0]!.finish_reason).toBe('tool_calls')
    const stream = openai().chat.completions.stream({ ...say('read a.md'), tools })
    const { message } = (await stream.finalChatCompletion()).choices[0]!
    expect(message.content).toBe('I read. Ünï✓')
    const [call] = message.tool_calls!
    expect(call!.type === 'function' && JSON.parse(call!.function.arguments)).toEqual({ path: 'a.md' })
  })

  it('gets usage in a stream if it asks, and else no chunk without choices', async () => {
    const chunks = async (more: object): Promise<number[]> => {
      const stream = await openai().chat.completions.create({ ...say('hello'), stream: true, ...more })
      const lengths = []
      for await (const chunk of stream) lengths.push(chunk.choices.length)
      return lengths
    }
    expect(await chunks({})).not.toContain(0)
    expect(await chunks({ stream_options: { include_usage: true } })).toContain(0)
  })

  it('uses the responses protocol, whole and streamed, with tools', async () => {
    const tools = [{ type: 'function' as const, name: 'read_file', parameters, strict: false }]
    const whole = await openai().responses.create({ model: 'm', input: 'read a.md', tools })
    expect(whole.output_text).toBe('I read. Ünï✓')
    const stream = openai().responses.stream({ model: 'm', input: 'read a.md', tools })
    const final = await stream.finalResponse()
    expect(final.output_text).toBe('I read. Ünï✓')
    expect(final.output.find(({ type }) => type === 'function_call')).toMatchObject({ name: 'read_file' })
  })

  it('lists models and finds one by its name', async () => {
    const listed = await openai().models.list()
    expect(listed.data.map(({ id }) => id)).toEqual(['m', 'org/large:1'])
    expect(await openai().models.retrieve('org/large:1')).toMatchObject({ object: 'model', owned_by: 'test' })
    await expect(openai().models.retrieve('other')).rejects.toMatchObject({ status: 404 })
  })

  it('embeds, in both encodings', async () => {
    const asked = { model: 'm', input: ['a', 'abc'] }
    const { data } = await openai().embeddings.create(asked)
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [1, 0.5],
      [3, 0.5],
    ])
    const plain = await openai().embeddings.create({ ...asked, encoding_format: 'float' })
    expect(plain.data[1]!.embedding).toEqual([3, 0.5])
  })

  it('is told of a wrong key, a limit, a stop in mid-stream and what it may not ask', async () => {
    const failing = (content: string, options = {}) => openai(options).chat.completions.create(say(content))
    await expect(failing('hello', { apiKey: 'atl_sk_wrong' })).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
      error: { atelier: { code: 'ATL_KEY_UNKNOWN' } },
    })
    await expect(failing('busy')).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
    const limited = await failing('busy').catch(
      (error: unknown) => error as InstanceType<typeof OpenAI.APIError>,
    )
    expect(limited).toMatchObject({ headers: expect.anything() as unknown })
    expect((limited as InstanceType<typeof OpenAI.APIError>).headers!.get('retry-after')).toBe('7')
    await expect(openai().chat.completions.create({ ...say('hello'), n: 2 })).rejects.toMatchObject({
      status: 400,
      param: 'n',
    })
    const stream = await openai().chat.completions.create({ ...say('cut'), stream: true })
    const reading = async (): Promise<void> => {
      for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk')
    }
    await expect(reading()).rejects.toThrow(/ATL_MODEL_CUT_OFF|ATL_GATEWAY_DEFECT/)
  })

  it('tries again by itself when it is told to', async () => {
    const answer = await openai({ maxRetries: 2 }).chat.completions.create(say('rest'))
    expect(answer.choices[0]!.message.content).toBe('too fast')
  })
})

describe('the official Anthropic client', () => {
  const tools = [{ name: 'read_file', input_schema: { type: 'object' as const } }]
  const ask = (content: string) => ({ ...say(content), max_tokens: 1000 })

  it('talks, whole and streamed, with tools', async () => {
    const whole = await anthropic().messages.create({ ...ask('read a.md'), tools })
    expect(whole.stop_reason).toBe('tool_use')
    expect(whole.content[0]).toMatchObject({ type: 'text', text: 'I read. Ünï✓' })
    const final = await anthropic()
      .messages.stream({ ...ask('read a.md'), tools })
      .finalMessage()
    expect(final.content.at(-1)).toMatchObject({
      type: 'tool_use',
      name: 'read_file',
      input: { path: 'a.md' },
    })
    expect(final.usage.output_tokens).toBeGreaterThan(0)
  })

  it('counts tokens and lists models in its own form', async () => {
    const { input_tokens } = await anthropic().messages.countTokens(say('hello'))
    expect(input_tokens).toBeGreaterThan(0)
    const { data } = await anthropic().models.list()
    expect(data.map(({ id, type }) => [id, type])).toContainEqual(['org/large:1', 'model'])
  })

  it('is told of errors in its own form', async () => {
    await expect(anthropic({ apiKey: 'atl_sk_wrong' }).messages.create(ask('hello'))).rejects.toMatchObject({
      status: 401,
      error: { type: 'error', error: { type: 'authentication_error' } },
    })
    await expect(anthropic().messages.create(ask('busy'))).rejects.toMatchObject({
      status: 429,
      error: { error: { type: 'rate_limit_error' } },
    })
    await expect(
      anthropic().messages.create({ ...ask('hello'), messages: 'x' as never }),
    ).rejects.toMatchObject({
      status: 400,
      error: { error: { type: 'invalid_request_error' } },
    })
  })
})

describe('the server', () => {
  it('is reached over a socket with the permissions asked for', async () => {
    expect((await stat(socket)).mode & 0o777).toBe(0o666)
    const headers = authorized()
    const body = JSON.stringify(say('hello'))
    const { status, text } = await send({ socketPath: socket, path: '/v1/chat/completions', headers, body })
    expect(status).toBe(200)
    expect(text).toContain('Good day.')
  })

  it('refuses those without a key before it reads what they send', async () => {
    const path = '/v1/chat/completions'
    const { status, text } = await send({ path, headers: { 'content-length': 30_000_000 }, body: '{' }).catch(
      () => ({ status: 0, text: '' }),
    )
    expect([0, 401]).toContain(status)
    if (status === 401)
      expect(JSON.parse(text)).toMatchObject({ error: { atelier: { code: 'ATL_KEY_MISSING' } } })
    const models = await send({ method: 'GET', path: '/v1/models' })
    expect(models.status).toBe(401)
  })

  it('takes a key in either header and no other', async () => {
    const get = (headers: Record<string, string>) => send({ method: 'GET', path: '/v1/models', headers })
    expect((await get({ 'x-api-key': key })).status).toBe(200)
    expect((await get({ authorization: `bearer  ${key}` })).status).toBe(200)
    expect((await get({ authorization: `Basic ${key}` })).status).toBe(401)
    expect((await get({ cookie: `key=${key}` })).status).toBe(401)
  })

  it('tells in the protocol of the address what is wrong with a request', async () => {
    const at = (path: string, body: string | Buffer, headers = authorized()) => send({ path, body, headers })
    const broken = await at('/v1/messages', '{"model":')
    expect(broken.status).toBe(400)
    expect(JSON.parse(broken.text)).toMatchObject({
      type: 'error',
      error: { atelier: { code: 'ATL_GATEWAY_BODY_INVALID' } },
    })
    expect((await at('/v1/chat/completions', 'null')).status).toBe(400)
    expect((await at('/v1/chat/completions', Buffer.from([0xff, 0xfe]))).status).toBe(400)
    const missing = await at('/v1/nothing', '{}')
    expect(missing.status).toBe(404)
    expect(JSON.parse(missing.text)).toMatchObject({ error: { atelier: { code: 'ATL_GATEWAY_NOT_FOUND' } } })
    expect(missing.headers['x-request-id']).toMatch(/^req_/)
    const long = await at('/v1/chat/completions', '{}', authorized({ 'idempotency-key': 'k'.repeat(300) }))
    expect(long.status).toBe(400)
  })

  it('bounds what one request may hold', async () => {
    const small = await start({ bodyBytes: 1000 })
    const { port } = new URL(small.urls[0]!)
    const body = JSON.stringify(say('x'.repeat(2000)))
    const reply = await send({ port, path: '/v1/messages', headers: authorized(), body })
    expect(reply.status).toBe(413)
    expect(JSON.parse(reply.text)).toMatchObject({ error: { type: 'request_too_large' } })
    await small.close()
  })

  it('bounds how many are answered at the same time', async () => {
    const narrow = await start({ atOnce: 1 })
    const client = openai({ baseURL: `${narrow.urls[0]!}/v1` })
    const stream = await client.chat.completions.create({ ...say('slowly'), stream: true })
    await expect(client.chat.completions.create(say('hello'))).rejects.toMatchObject({ status: 503 })
    stream.controller.abort()
    await vi.waitFor(async () =>
      expect((await client.chat.completions.create(say('hello'))).choices.length).toBe(1),
    )
    await narrow.close()
  })

  it('gives the same call the same key, and passes on how the protocol is spoken, nothing else', async () => {
    const headers = authorized({
      'idempotency-key': 'abc',
      'anthropic-beta': 'x',
      cookie: 'secret',
      'x-api-key': key,
    })
    const body = JSON.stringify({ ...say('hello'), max_tokens: 9 })
    for (const round of [1, 2])
      expect([round, (await send({ path: '/v1/messages', headers, body })).status]).toEqual([round, 200])
    const [one, other] = core.calls.slice(-2)
    expect(one!.call.key).toBe(other!.call.key)
    expect(one!.call.headers).toEqual({ 'anthropic-beta': 'x' })
    await send({ path: '/v1/messages', headers: authorized(), body })
    expect(core.calls.at(-1)!.call.key).not.toBe(one!.call.key)
  })

  it('stops asking when the client goes away', async () => {
    const stream = await openai().chat.completions.create({ ...say('slowly'), stream: true })
    for await (const chunk of stream) {
      expect(chunk.object).toBe('chat.completion.chunk')
      break
    }
    stream.controller.abort()
    await vi.waitFor(() => expect(core.calls.at(-1)!.outcome).toBe('stopped'))
    expect(core.calls.at(-1)!.call.signal.aborted).toBe(true)
  })

  it('stops asking when the client does not read', async () => {
    const impatient = await start({ unreadMs: 100 })
    const { hostname, port } = new URL(impatient.urls[0]!)
    const body = JSON.stringify({ ...say('much'), stream: true })
    const sent = httpRequest(
      { method: 'POST', hostname, port, path: '/v1/chat/completions', headers: authorized() },
      (answer) => {
        answer.pause()
      },
    )
    sent.on('error', () => undefined)
    sent.end(body)
    await vi.waitFor(() => expect(core.calls.at(-1)!.outcome).toBe('stopped'), { timeout: 20_000 })
    sent.destroy()
    await impatient.close()
  })

  it('lets those under way finish when it is closed, for as long as it was told', async () => {
    const closing = await start()
    const client = openai({ baseURL: `${closing.urls[0]!}/v1` })
    const answers = client.chat.completions.create({ ...say('slowly'), stream: true })
    const stream = await answers
    const closed = closing.close({ graceMs: 200 })
    const read = async (): Promise<void> => {
      for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk')
    }
    await expect(read()).rejects.toThrow()
    await closed
    await expect(client.chat.completions.create(say('hello'))).rejects.toThrow()
    expect(core.calls.at(-1)!.outcome).toBe('stopped')
  })

  it('says where it cannot listen', async () => {
    const { port } = new URL(server.urls[0]!)
    const taken = { host: '127.0.0.1', port: Number(port) }
    await expect(start({ listen: [taken] })).rejects.toMatchObject({ code: 'ATL_GATEWAY_CANNOT_LISTEN' })
    await expect(start({ listen: [{ socket: join(folder, 'no', 'way') }] })).rejects.toMatchObject({
      code: 'ATL_GATEWAY_CANNOT_LISTEN',
    })
  })
})
