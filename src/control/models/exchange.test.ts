import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startModelServer } from '../../testing/index.ts'
import type { ModelAccess } from './access.ts'
import type { Exchange } from './exchange.ts'
import { asking, catalogueOf, createScratchGateway } from './scratch-gateway.ts'
import type { ScratchGateway } from './scratch-gateway.ts'
import { answerPartly, answerText, event, failWith, startUpstream } from './scratch-upstream.ts'
import type { ScratchUpstream } from './scratch-upstream.ts'

type ModelServer = Awaited<ReturnType<typeof startModelServer>>

let upstream: ScratchUpstream
let scripted: ModelServer
let scratch: ScratchGateway

const scenario = {
  name: 'talk',
  steps: [{ answer: ['The answer is ', { reasoning: 'easy' }, '42.'] }],
}

beforeAll(async () => {
  upstream = await startUpstream()
  scripted = await startModelServer({ scenario, key: 'test-secret-1' })
  const catalogue = JSON.parse(catalogueOf({ small: { url: upstream.url } })) as {
    upstreams: Record<string, object>
    models: Record<string, object>
  }
  const place = {
    credential: 'TEST_KEY',
    deployment: 'cloud',
    residency: 'us',
    baseUrl: `${scripted.url}/v1`,
  }
  const limits = { context: 8000, maxOutput: 1000, size: 'small', prices: { input: 2, output: 10 } }
  for (const [id, kind] of [
    ['claude', 'anthropic'],
    ['gpt', 'openai-responses'],
    ['gpt-chat', 'openai-chat'],
  ] as const) {
    catalogue.upstreams[id] = { ...place, kind }
    catalogue.models[id] = { ...limits, upstream: id, capabilities: ['tools', 'reasoning'] }
  }
  scratch = await createScratchGateway(
    JSON.stringify(catalogue),
    `defaults: { retries: 1, backoff: { first: 0.01, longest: 0.05 } }
routes:
  safe: { targets: [{ model: small }], fallback: [{ model: claude }] }
  kept: { targets: [{ model: small }], cache: always }
`,
    { circuitBreaker: { failures: 1000, restMs: 1 } },
  )
})
afterAll(async () => {
  await scratch[Symbol.asyncDispose]()
  await scripted.close()
  await upstream[Symbol.asyncDispose]()
})
beforeEach(() => {
  upstream.received.length = 0
  upstream.behave(answerText('Hello there'))
})

const chat = (model: string, more: object = {}) => ({
  model,
  messages: [{ role: 'user', content: 'What is the answer?' }],
  max_tokens: 100,
  ...more,
})
const responses = (model: string, more: object = {}) => ({ model, input: 'What is the answer?', ...more })

async function exchange(
  protocol: Exchange['protocol'],
  body: object,
  access?: ModelAccess,
  more: Partial<Exchange> = {},
) {
  const answer = await scratch.gateway.exchange(access ?? (await scratch.access()), {
    protocol,
    body,
    ...asking(),
    ...more,
  })
  const pieces: string[] = []
  for await (const piece of answer.body) pieces.push(Buffer.from(piece).toString())
  return { ...answer, text: pieces.join(''), pieces }
}

async function transportOf({ runId }: ModelAccess): Promise<string | undefined> {
  const row = await scratch.studio.database.transaction(scratch.studio.scope, (tx) =>
    tx.selectFrom('model_calls').select('transport').where('run_id', '=', runId).executeTakeFirst(),
  )
  return row?.transport
}

describe('a request to an upstream of its own protocol', () => {
  it('goes on as it came, and the stream comes back as it is, metered and charged', async () => {
    const access = await scratch.access()
    const body = chat('small', {
      stream: true,
      stream_options: { include_usage: true },
      logit_bias: { 5: 1 },
    })
    const { text, headers, status } = await exchange('openai-chat', body, access, {
      headers: { 'openai-beta': 'x', authorization: 'Bearer of-the-caller' },
    })
    expect(status).toBe(200)
    expect(headers['content-type']).toMatch(/^text\/event-stream/)
    expect(text).toContain('"content":"there"')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(upstream.received).toMatchObject([
      { body, headers: { authorization: 'Bearer test-secret-1', 'openai-beta': 'x' } },
    ])
    expect(await scratch.spent(access)).toEqual({ money: 90, tokens: 25, reserved: 0 })
    expect(await transportOf(access)).toBe('relayed')
  })

  it('is limited where it names no limit, and loses its secrets', async () => {
    const secret = `ghp_${'a1B2'.repeat(9)}`
    await exchange('openai-chat', chat('small', { stream: true, user: secret, max_tokens: undefined }))
    expect(upstream.received[0]?.body).toMatchObject({ max_tokens: 1000, user: '[redacted:github-token]' })
  })

  it('comes back whole where it was not to be streamed, and from the record the second time', async () => {
    const whole = {
      id: 'abc',
      object: 'chat.completion',
      model: 'served-1',
      special: 'kept',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 },
    }
    upstream.behave((response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(whole))
    })
    const access = await scratch.access()
    const call = { key: 'the-same' }
    const one = await exchange('openai-chat', chat('small'), access, call)
    expect(JSON.parse(one.text)).toEqual(whole)
    const again = await exchange('openai-chat', chat('small'), access, call)
    expect(JSON.parse(again.text)).toMatchObject({ choices: [{ message: { content: 'Hi' } }] })
    const streamed = await exchange('openai-chat', chat('small'), access, call)
    expect(streamed.text).toContain('Hi')
    expect(upstream.received).toHaveLength(1)
    expect(await scratch.spent(access)).toEqual({ money: 90, tokens: 25, reserved: 0 })
  })

  it.each(['openai-responses', 'anthropic-messages'] as const)('works in %s too', async (protocol) => {
    const access = await scratch.access()
    const body =
      protocol === 'anthropic-messages'
        ? chat('claude', { stream: true })
        : responses('gpt', { stream: true })
    const { text } = await exchange(protocol, body, access)
    expect(text).toContain('42.')
    expect(await transportOf(access)).toBe('relayed')
    expect((await scratch.spent(access)).reserved).toBe(0)
    expect((await scratch.spent(access)).tokens).toBeGreaterThan(5)
  })
})

describe('a request to an upstream of another protocol', () => {
  it.each<[Exchange['protocol'], object]>([
    ['anthropic-messages', chat('gpt')],
    ['anthropic-messages', chat('gpt-chat')],
    ['anthropic-messages', chat('small')],
    ['openai-chat', chat('claude')],
    ['openai-responses', responses('claude')],
    ['openai-responses', responses('small')],
  ])('is translated there and back: %s, %j', async (protocol, body) => {
    const access = await scratch.access()
    const said = JSON.stringify(body).includes('small') ? /Hello there/ : /The answer is .*42\./
    const whole = await exchange(protocol, body, access)
    expect(JSON.parse(whole.text)).toBeTypeOf('object')
    expect(whole.text).toMatch(said)
    const { text, headers } = await exchange(protocol, { ...body, stream: true }, access)
    expect(headers['content-type']).toMatch(/^text\/event-stream/)
    expect(text).toContain(String(said).includes('42') ? '42' : 'there')
    expect(await transportOf(access)).toBe('translated')
    expect((await scratch.spent(access)).reserved).toBe(0)
  })
})

describe('a request that fails', () => {
  it('before anything was answered, is asked elsewhere', async () => {
    upstream.behave(failWith(503))
    const access = await scratch.access()
    const { text } = await exchange('openai-chat', chat('safe', { stream: true }), access)
    expect(text).toContain('42')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('with an error as its first event, is asked elsewhere, and nobody sees it', async () => {
    upstream.behave((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(event({ error: { message: 'overloaded', type: 'overloaded_error' } }))
    })
    const { text } = await exchange('openai-chat', chat('safe', { stream: true }))
    expect(text).toContain('42')
    expect(text).not.toContain('overloaded')
  })

  it('for good, is answered with a code', async () => {
    upstream.behave(failWith(400, 'no such parameter'))
    for (const stream of [true, false])
      await expect(exchange('openai-chat', chat('small', { stream }))).rejects.toMatchObject({
        code: 'ATL_MODEL_REQUEST_REFUSED',
        message: expect.stringContaining('no such parameter') as string,
      })
    await expect(exchange('openai-chat', chat('none'))).rejects.toMatchObject({ code: 'ATL_MODEL_UNKNOWN' })
    await expect(exchange('openai-chat', { model: 'small' })).rejects.toMatchObject({
      code: 'ATL_PROTOCOL_REQUEST_INVALID',
    })
  })

  it('in mid-stream, breaks off with a code after what came, which is paid for', async () => {
    upstream.behave(answerPartly('Half of it ', (response) => setTimeout(() => response.destroy(), 50)))
    const access = await scratch.access()
    const answer = await scratch.gateway.exchange(access, {
      protocol: 'openai-chat',
      body: chat('safe', { stream: true }),
      ...asking(),
    })
    const pieces: string[] = []
    const reading = (async () => {
      for await (const piece of answer.body) pieces.push(Buffer.from(piece).toString())
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ATL_MODEL_CUT_OFF' })
    expect(pieces.join('')).toContain('Half')
    const { tokens, reserved } = await scratch.spent(access)
    expect(tokens).toBeGreaterThan(5)
    expect(reserved).toBe(0)
  })
})

describe('a stream', () => {
  it('that nobody reads holds back its upstream, and ends with its caller', async () => {
    let written = 0
    upstream.behave(async (response) => {
      const closed = once(response, 'close')
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const piece = event({ choices: [{ index: 0, delta: { content: 'x '.repeat(5000) } }] })
      while (!response.destroyed && written < 64 * 2 ** 20) {
        written += piece.length
        if (!response.write(piece)) await Promise.race([once(response, 'drain'), closed])
      }
    })
    const access = await scratch.access()
    const controller = new AbortController()
    const answer = await scratch.gateway.exchange(access, {
      protocol: 'openai-chat',
      body: chat('small', { stream: true }),
      ...asking({ signal: controller.signal }),
    })
    const iterator = (answer.body as AsyncIterable<Uint8Array | string>)[Symbol.asyncIterator]()
    await iterator.next()
    // Until nothing more fits on the way, however long that takes.
    for (let before = -1; before !== written;) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    expect(written).toBeLessThan(32 * 2 ** 20)
    controller.abort()
    await expect(
      (async () => {
        for (;;) if ((await iterator.next()).done === true) return
      })(),
    ).rejects.toMatchObject({ code: 'ATL_DOOR_CANCELLED' })
    expect((await scratch.spent(access)).reserved).toBe(0)
  })

  it('is answered from what was kept', async () => {
    await exchange('openai-chat', chat('kept', { stream: true }))
    const { text } = await exchange('openai-chat', chat('kept', { stream: true }))
    expect(text).toContain('Hello there')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(upstream.received).toHaveLength(1)
  })
})
