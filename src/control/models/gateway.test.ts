import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ModelEvent, ModelRequest } from '../../contracts/index.ts'
import type { ModelAccess } from './access.ts'
import { asking, catalogueOf, createScratchGateway, question } from './scratch-gateway.ts'
import type { ScratchGateway } from './scratch-gateway.ts'
import { answerText, chunk, failWith, startUpstream, streamHead } from './scratch-upstream.ts'
import type { Behaviour, ScratchUpstream } from './scratch-upstream.ts'

let upstream: ScratchUpstream
let second: ScratchUpstream
let scratch: ScratchGateway

beforeAll(async () => {
  upstream = await startUpstream()
  second = await startUpstream()
  const models = catalogueOf({
    small: { url: upstream.url },
    spare: { url: second.url, context: 100_000, prices: { input: 1, output: 5 } },
    plain: { url: upstream.url, capabilities: [] },
    old: { url: upstream.url, retired: '2020-01-01' },
    priceless: { url: upstream.url, prices: 'unknown' },
    vectors: {
      url: upstream.url,
      capabilities: ['embeddings'],
      maxOutput: 1,
      prices: { input: 1, output: 0 },
    },
    nowhere: { url: 'http://127.0.0.1:1/v1' },
  }).replace(
    '"upstreams":{',
    '"upstreams":{"keyless":{"kind":"anthropic","credential":"ABSENT","deployment":"cloud","residency":"us"},',
  )
  scratch = await createScratchGateway(
    models.replace(
      '"models":{',
      '"models":{"claude":{"upstream":"keyless","context":9,"maxOutput":9,"size":"large","prices":"free"},',
    ),
    `defaults: { backoff: { first: 0.01, longest: 0.05 }, deadlines: { firstToken: 2, betweenTokens: 1, total: 20 } }
routes:
  safe: { targets: [{ model: small }], fallback: [{ model: spare }], retries: 1 }
  again: { targets: [{ model: small }], fallback: [{ model: spare }], retries: 0, cutOffRetries: 1 }
  split: { targets: [{ model: small, weight: 0 }, { model: spare, weight: 1 }] }
  hasty: { targets: [{ model: small }], retries: 0, deadlines: { firstToken: 0.3, betweenTokens: 0.3, total: 0.8 } }
  kept: { targets: [{ model: small }], cache: always }
  tiny: { targets: [{ model: small }], limits: { requestBytes: 50, answerBytes: 100 } }
  domestic: { targets: [{ model: small }], places: { residencies: [fr] } }
  without-key: { targets: [{ model: claude }], fallback: [{ model: spare }] }
`,
  )
})
afterAll(async () => {
  await scratch[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
})
beforeEach(() => {
  for (const server of [upstream, second]) {
    server.received.length = 0
    server.behave(answerText('Hello there'))
  }
})

const nothing = { money: 0, tokens: 0, reserved: 0 }

async function ask(request: ModelRequest, access?: ModelAccess, events?: ModelEvent[], key?: string) {
  const by = access ?? (await scratch.access())
  return scratch.gateway.client(by).ask(request, {
    ...asking(key === undefined ? {} : { key }),
    ...(events && { onEvent: (seen: ModelEvent) => events.push(seen) }),
  })
}

/** Fails as many requests as are given, then answers. */
function first(...failures: Behaviour[]): Behaviour {
  return (response, request, number) =>
    (failures[number - 1] ?? answerText('Hello there'))(response, request, number)
}

async function rowsOf(access: ModelAccess) {
  return scratch.studio.database.transaction(scratch.studio.scope, (tx) =>
    tx.selectFrom('model_calls').selectAll().where('run_id', '=', access.runId).orderBy('id').execute(),
  )
}

describe('a call of a model', () => {
  it('is one act at the door: answered, metered, charged, written down, and answered from its record', async () => {
    const access = await scratch.access()
    const events: ModelEvent[] = []
    const response = await ask(question('small'), access, events, 'first')
    expect(response).toEqual({
      content: [{ kind: 'text', text: 'Hello there' }],
      finish: 'stop',
      usage: { input: 20, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0, source: 'provider' },
      cost: 90,
      milliseconds: expect.any(Number) as number,
      provenance: {
        model: 'small',
        version: 'served-1',
        provider: 'at-small',
        endpoint: upstream.url,
        route: 'small',
        failedBefore: [],
        cached: false,
      },
    })
    expect(events.map(({ kind }) => kind)).toEqual(['text', 'text', 'finished'])
    expect(upstream.received[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer test-secret-1' },
      body: { model: 'small', max_tokens: 1000, stream_options: { include_usage: true } },
    })
    const again: ModelEvent[] = []
    expect(await ask(question('small'), access, again, 'first')).toEqual(response)
    expect(again).toEqual([])
    expect(upstream.received).toHaveLength(1)
    expect(await scratch.spent(access)).toEqual({ money: 90, tokens: 25, reserved: 0 })
    expect(await rowsOf(access)).toMatchObject([
      {
        model: 'small',
        version: 'served-1',
        deployment: 'on-premises',
        residency: 'de',
        transport: 'translated',
        finish: 'stop',
        input_tokens: 20,
        counted_by: 'provider',
        cost: 90,
        parameters: { messages: 1, tools: [] },
        error: null,
        first_token_ms: expect.any(Number) as number,
      },
    ])
  })

  it('carries tools there and their calls back', async () => {
    upstream.behave((response) => {
      streamHead(response)
      const call = (delta: object) => chunk({ tool_calls: [{ index: 0, ...delta }] })
      response.write(call({ id: 'call-1', type: 'function', function: { name: 'read', arguments: '' } }))
      response.write(call({ function: { arguments: '{"path":' } }))
      response.write(call({ function: { arguments: '"a.ts"}' } }))
      response.write(chunk({}, 'tool_calls'))
      response.end('data: [DONE]\n\n')
    })
    const events: ModelEvent[] = []
    const response = await ask(
      question('small', 'Read it.', {
        tools: [{ name: 'read', description: 'Reads.', input: { type: 'object', properties: {} } }],
        toolChoice: { kind: 'required' },
      }),
      undefined,
      events,
    )
    expect(response).toMatchObject({
      finish: 'tool-calls',
      content: [{ kind: 'tool-call', id: 'call-1', tool: 'read', input: '{"path":"a.ts"}' }],
      usage: { source: 'counted' },
    })
    expect(events.map(({ kind }) => kind)).toEqual([
      'tool-call-started',
      'tool-call-input',
      'tool-call-input',
      'tool-call-ended',
      'finished',
    ])
    expect(upstream.received[0]?.body).toMatchObject({
      tools: [{ function: { name: 'read' } }],
      tool_choice: 'required',
    })
  })

  it('sends no secret and answers none', async () => {
    const secret = `ghp_${'a1B2'.repeat(9)}`
    upstream.behave(answerText(`You said ${secret}`))
    const response = await ask(question('small', `My token is ${secret}.`))
    expect(upstream.received[0]?.text).toContain('[redacted:github-token]')
    expect(upstream.received[0]?.text).not.toContain(secret)
    expect(JSON.stringify(response)).not.toContain(secret)
  })
})

describe('a call that cannot be made is an act that failed, and costs nothing:', () => {
  it.each<[string, ModelRequest, Partial<ModelAccess>, string]>([
    ['unknown model', question('none'), {}, 'ATL_MODEL_UNKNOWN'],
    ['model not allowed', question('small'), { models: ['spare'] }, 'ATL_MODEL_NOT_ALLOWED'],
    ['retired model', question('old'), {}, 'ATL_MODEL_RETIRED'],
    ['price unknown', question('priceless'), {}, 'ATL_MODEL_PRICE_UNKNOWN'],
    ['no key', question('claude'), {}, 'ATL_MODEL_CREDENTIAL_MISSING'],
    ['too large', question('tiny', 'x'.repeat(51)), {}, 'ATL_MODEL_REQUEST_TOO_LARGE'],
    ['too long', question('small', 'lorem ipsum dolor '.repeat(8000)), {}, 'ATL_MODEL_CONTEXT_TOO_LONG'],
    ['wrong residency', question('domestic'), {}, 'ATL_MODEL_PLACE_NOT_ALLOWED'],
    [
      'wrong deployment',
      question('small'),
      { places: { deployments: ['on-device'] } },
      'ATL_MODEL_PLACE_NOT_ALLOWED',
    ],
    [
      'no such capability',
      question('plain', 'x', { tools: [{ name: 't', description: '', input: {} }] }),
      {},
      'ATL_MODEL_UNSUPPORTED',
    ],
  ])('%s', async (_name, request, overrides, code) => {
    const access = await scratch.access({}, overrides)
    await expect(ask(request, access)).rejects.toMatchObject({ code, retryable: false })
    expect(upstream.received).toHaveLength(0)
    expect(await scratch.spent(access)).toEqual(nothing)
    expect(await rowsOf(access)).toMatchObject([{ error: code, cost: null }])
    const { rows } = await scratch.studio.database.transaction(scratch.studio.scope, (_tx, client) =>
      client.query('select state, error ->> $2 as code from acts where run_id = $1', [access.runId, 'code']),
    )
    expect(rows).toEqual([{ state: 'failed', code }])
  })

  it('a budget of zero', async () => {
    for (const limits of [{ money: 0 }, { tokens: 0 }]) {
      const access = await scratch.access(limits)
      await expect(ask(question('small'), access)).rejects.toMatchObject({ code: 'ATL_BUDGET_EXHAUSTED' })
      expect(await scratch.spent(access)).toEqual(nothing)
    }
    expect(upstream.received).toHaveLength(0)
  })
})

describe('a provider that fails', () => {
  it.each<[string, Behaviour]>([
    ['429', failWith(429, 'slow down', { 'retry-after-ms': '5' })],
    ['503', failWith(503)],
    ['500', failWith(500)],
    ['a cut connection', (response) => void response.destroy()],
  ])('is asked again after %s', async (_name, failure) => {
    upstream.behave(first(failure))
    const access = await scratch.access()
    expect(await ask(question('safe'), access)).toMatchObject({
      provenance: { model: 'small', failedBefore: [{ upstream: 'at-small' }] },
      cost: 90,
    })
    expect(await scratch.spent(access)).toEqual({ money: 90, tokens: 25, reserved: 0 })
  })

  it('is replaced when it goes on failing, and rests after a while', async () => {
    upstream.behave(failWith(500))
    const one = await ask(question('safe'))
    expect(one.provenance).toMatchObject({
      model: 'spare',
      route: 'safe',
      failedBefore: [
        { upstream: 'at-small', code: 'ATL_MODEL_UPSTREAM_FAILED' },
        { upstream: 'at-small', code: 'ATL_MODEL_UPSTREAM_FAILED' },
      ],
    })
    expect(one.cost).toBe(45)
    await ask(question('safe'))
    await ask(question('safe'))
    upstream.received.length = 0
    const rested = await ask(question('safe'))
    expect(rested.provenance.failedBefore).toEqual([{ upstream: 'at-small', code: 'ATL_MODEL_CIRCUIT_OPEN' }])
    expect(upstream.received).toHaveLength(0)
    await using fresh = await createScratchGateway(catalogueOf({ small: { url: upstream.url } }))
    await expect(
      fresh.gateway.client(await fresh.access()).ask(question('small'), asking()),
    ).rejects.toMatchObject({ code: 'ATL_MODEL_UPSTREAM_FAILED', retryable: true })
  })

  it('is left for a larger model when the request is too long for it', async () => {
    const response = await ask(question('safe', 'lorem ipsum dolor '.repeat(8000)))
    expect(response.provenance).toMatchObject({
      model: 'spare',
      failedBefore: [{ upstream: 'at-small', code: 'ATL_MODEL_CONTEXT_TOO_LONG' }],
    })
    expect(upstream.received).toHaveLength(0)
  })

  it('is left out where it has no key and others have', async () => {
    expect((await ask(question('without-key'))).provenance).toMatchObject({
      model: 'spare',
      failedBefore: [],
    })
  })
})
