import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ModelEvent, ModelRequest } from '../../contracts/index.ts'
import type { ModelAccess } from './access.ts'
import { asking, catalogueOf, createScratchGateway, question } from './scratch-gateway.ts'
import type { ScratchGateway } from './scratch-gateway.ts'
import { answerPartly, answerText, chunk, event, startUpstream, streamHead } from './scratch-upstream.ts'
import type { Behaviour, ScratchUpstream } from './scratch-upstream.ts'

let upstream: ScratchUpstream
let second: ScratchUpstream
let scratch: ScratchGateway

beforeAll(async () => {
  upstream = await startUpstream()
  second = await startUpstream()
})
afterAll(async () => {
  await upstream[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
})
beforeEach(() => {
  for (const server of [upstream, second]) {
    server.received.length = 0
    server.behave(answerText('Hello there'))
  }
})

beforeAll(async () => {
  scratch = await createScratchGateway(
    catalogueOf({
      small: { url: upstream.url },
      spare: { url: second.url, prices: { input: 1, output: 5 } },
      vectors: {
        url: upstream.url,
        capabilities: ['embeddings'],
        maxOutput: 1,
        prices: { input: 1, output: 0 },
      },
      priceless: { url: upstream.url, prices: 'unknown' },
    }).replace('{', '{"unknownPrices":"allow",'),
    `defaults: { retries: 0, backoff: { first: 0.01, longest: 0.05 }, deadlines: { firstToken: 5, betweenTokens: 5, total: 20 } }
routes:
  safe: { targets: [{ model: small }], fallback: [{ model: spare }] }
  paid: { targets: [{ model: small }], fallback: [{ model: spare }], cutOffRetries: 1 }
  hasty: { targets: [{ model: small }], deadlines: { firstToken: 0.3, betweenTokens: 0.3, total: 1.2 } }
  hasty-safe:
    { targets: [{ model: small }], fallback: [{ model: spare }], deadlines: { firstToken: 0.3 } }
  kept: { targets: [{ model: small }], cache: always }
  tiny: { targets: [{ model: small }], limits: { answerBytes: 100 } }
  split: { targets: [{ model: small, weight: 0 }, { model: spare, weight: 1 }], assignBy: call }
  half: { targets: [{ model: small }, { model: spare }] }
`,
    // Each test is to find every provider well.
    { circuitBreaker: { failures: 1000, restMs: 1 } },
  )
})
afterAll(() => scratch[Symbol.asyncDispose]())

async function ask(request: ModelRequest, access?: ModelAccess, events?: ModelEvent[], key?: string) {
  const by = access ?? (await scratch.access())
  return scratch.gateway.client(by).ask(request, {
    ...asking(key === undefined ? {} : { key }),
    ...(events && { onEvent: (seen: ModelEvent) => events.push(seen) }),
  })
}

/** What was written has to arrive before the connection is cut. */
const cut: Behaviour = answerPartly('Half of an answer ', (response) =>
  setTimeout(() => response.destroy(), 50),
)
/** What was sent and what arrived of it, counted by the studio; the request has some twenty tokens more around it. */
const partly = { money: expect.any(Number) as number, tokens: expect.any(Number) as number, reserved: 0 }

describe('an answer that is cut off', () => {
  it('is paid for as far as it came, and ends the call with a code', async () => {
    upstream.behave(cut)
    const access = await scratch.access()
    await expect(ask(question('safe'), access)).rejects.toMatchObject({
      code: 'ATL_MODEL_CUT_OFF',
      retryable: true,
    })
    const spent = await scratch.spent(access)
    expect(spent).toEqual(partly)
    expect(spent.tokens).toBeGreaterThan(10)
    expect(spent.tokens).toBeLessThan(100)
    expect(second.received).toHaveLength(0)
  })

  it('is asked for again where the route reserves for it and nothing was passed on', async () => {
    upstream.behave(cut)
    const access = await scratch.access()
    const response = await ask(question('paid'), access)
    expect(response.provenance).toMatchObject({
      model: 'spare',
      failedBefore: [{ upstream: 'at-small', code: 'ATL_MODEL_CUT_OFF' }],
    })
    expect((await scratch.spent(access)).money).toBeGreaterThan(response.cost ?? 0)
  })

  it('is never asked for again once something of it was passed on', async () => {
    upstream.behave(cut)
    const events: ModelEvent[] = []
    await expect(ask(question('paid'), undefined, events)).rejects.toMatchObject({
      code: 'ATL_MODEL_CUT_OFF',
    })
    expect(events.map(({ kind }) => kind)).toEqual(['text', 'text', 'text', 'text'])
    expect(second.received).toHaveLength(0)
  })

  it.each<[string, Behaviour]>([
    ['that ends without an end', answerPartly('Half ', (response) => void response.end())],
    [
      'with an error in it',
      answerPartly(
        'Half ',
        (response) => void response.end(event({ error: { message: 'boom', type: 'server_error' } })),
      ),
    ],
    ['with no JSON in it', answerPartly('Half ', (response) => void response.end('data: {"choi\n\n'))],
  ])('%s, is no answer', async (_name, behaviour) => {
    upstream.behave(behaviour)
    const access = await scratch.access()
    await expect(ask(question('small'), access)).rejects.toMatchObject({
      code: expect.stringMatching(/^ATL_MODEL_(?:CUT_OFF|UPSTREAM_FAILED|ANSWER_INVALID)$/) as string,
    })
    expect((await scratch.spent(access)).tokens).toBeGreaterThan(5)
  })

  it('and asked for again under the same key is performed again', async () => {
    upstream.behave(cut)
    const access = await scratch.access()
    await expect(ask(question('small'), access, undefined, 'k')).rejects.toThrow()
    const before = await scratch.spent(access)
    upstream.behave(answerText('Hello there'))
    const response = await ask(question('small'), access, undefined, 'k')
    expect(await scratch.spent(access)).toEqual({
      money: before.money + 90,
      tokens: before.tokens + 25,
      reserved: 0,
    })
    expect(await ask(question('small'), access, undefined, 'k')).toEqual(response)
  })
})

describe('a provider that keeps silent', () => {
  const silent: Behaviour = (response) => streamHead(response)

  it.each<[string, Behaviour, string]>([
    ['from the start', () => undefined, 'first token'],
    ['after its headers', silent, 'first token'],
    ['in mid-stream', answerPartly('Half ', () => undefined), 'between tokens'],
  ])('%s, is left', async (_name, behaviour, deadline) => {
    upstream.behave(behaviour)
    const access = await scratch.access()
    await expect(ask(question('hasty'), access)).rejects.toMatchObject({
      code: 'ATL_MODEL_TIMEOUT',
      message: expect.stringContaining(deadline) as string,
    })
    const { tokens } = await scratch.spent(access)
    if (deadline === 'first token') expect(tokens).toBe(0)
    else expect(tokens).toBeGreaterThan(0)
  })

  it('or talks for too long, is left', async () => {
    upstream.behave(async (response) => {
      streamHead(response)
      const timer = setInterval(() => response.write(chunk({ content: 'and ' })), 50)
      await once(response, 'close')
      clearInterval(timer)
    })
    await expect(ask(question('hasty'))).rejects.toMatchObject({
      code: 'ATL_MODEL_TIMEOUT',
      message: expect.stringContaining('deadline total') as string,
    })
  })

  it('is replaced when nothing was passed on', async () => {
    upstream.behave(silent)
    expect((await ask(question('hasty-safe'), undefined, [])).provenance).toMatchObject({
      model: 'spare',
      failedBefore: [{ upstream: 'at-small', code: 'ATL_MODEL_TIMEOUT' }],
    })
  })

  it('does not keep whoever wants no more, who pays for what came', async () => {
    upstream.behave(answerPartly('Half of it ', () => undefined))
    const access = await scratch.access()
    const controller = new AbortController()
    const asked = scratch.gateway.client(access).ask(question('small'), {
      ...asking({ signal: controller.signal }),
      onEvent: () => controller.abort(),
    })
    await expect(asked).rejects.toMatchObject({ code: 'ATL_DOOR_CANCELLED' })
    const { tokens, reserved } = await scratch.spent(access)
    expect(tokens).toBeGreaterThan(0)
    expect(tokens).toBeLessThan(100)
    expect(reserved).toBe(0)
  })
})

describe('an answer without end', () => {
  it('is one that cannot be read, and no defect, when a stream of Anthropic begins with what is no JSON', async () => {
    await using own = await createScratchGateway(
      catalogueOf({ claude: { url: upstream.url } }, { kind: 'anthropic' }),
    )
    upstream.behave((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end('event: message_start\ndata: {nonsense\n\n')
    })
    const asked = own.gateway
      .client(await own.access())
      .ask(question('claude'), { ...asking(), onEvent: () => undefined })
    await expect(asked).rejects.toMatchObject({ code: 'ATL_MODEL_ANSWER_INVALID' })
  })

  it('is stopped at the limit of bytes', async () => {
    upstream.behave(answerText('too much of it '.repeat(100)))
    await expect(ask(question('tiny'))).rejects.toMatchObject({ code: 'ATL_MODEL_ANSWER_TOO_LARGE' })
  })

  it('is stopped when it goes beyond the tokens that were asked for, and costs no more than was reserved', async () => {
    upstream.behave(answerText('again and '.repeat(4000)))
    const access = await scratch.access({ money: 1500 })
    await expect(ask(question('small', 'Go on.', { maxOutputTokens: 100 }), access)).rejects.toMatchObject({
      code: 'ATL_MODEL_ANSWER_TOO_LARGE',
    })
    const { money, reserved } = await scratch.spent(access)
    expect(money).toBeGreaterThanOrEqual(1000)
    expect(money).toBeLessThanOrEqual(1500)
    expect(reserved).toBe(0)
  })
})

describe('the usage', () => {
  it.each<[string, unknown]>([
    ['missing', null],
    ['absurd', { prompt_tokens: 9_999_999, completion_tokens: 5 }],
    ['negative', { prompt_tokens: -20, completion_tokens: 5 }],
    ['nothing', { prompt_tokens: 0, completion_tokens: 0 }],
  ])('of a provider that is %s is counted instead', async (_name, usage) => {
    upstream.behave(answerText('Hello there, how are you today?', usage))
    const access = await scratch.access()
    const { usage: used, cost } = await ask(question('small'), access)
    expect(used.source).toBe('counted')
    expect(used.output).toBeGreaterThan(5)
    expect(used.output).toBeLessThan(12)
    expect(used.input).toBeGreaterThan(3)
    expect(await scratch.spent(access)).toEqual({
      money: cost,
      tokens: used.input + used.output,
      reserved: 0,
    })
  })

  it('is counted in tokens where the price is unknown and the owner allows that', async () => {
    const access = await scratch.access({ money: 0 })
    expect((await ask(question('priceless'), access)).cost).toBeNull()
    expect(await scratch.spent(access)).toEqual({ money: 0, tokens: 25, reserved: 0 })
  })
})

describe('the same question', () => {
  it('is answered from what was kept, for the same tenant, where it can only have one answer or the route says so', async () => {
    const exact = question('small', 'What is two and two?', { temperature: 0 })
    const one = await ask(exact)
    const access = await scratch.access()
    const events: ModelEvent[] = []
    const other = await ask(exact, access, events)
    expect(upstream.received).toHaveLength(1)
    expect(other).toEqual({
      ...one,
      milliseconds: other.milliseconds,
      cost: 0,
      provenance: { ...one.provenance, cached: true },
    })
    expect(events.map(({ kind }) => kind)).toEqual(['text', 'finished'])
    expect(await scratch.spent(access)).toEqual({ money: 0, tokens: 0, reserved: 0 })
    await ask({ ...exact, seed: 1 })
    await ask({ ...exact, temperature: 1 })
    await ask({ ...exact, temperature: 1 })
    expect(upstream.received).toHaveLength(4)
    await ask(question('kept'))
    await ask(question('kept'))
    expect(upstream.received).toHaveLength(5)

    const tenant = await scratch.studio.testDatabase.createTenant()
    const seen = await scratch.studio.database.transaction(tenant, (tx) =>
      tx.selectFrom('model_answers').selectAll().execute(),
    )
    expect(seen).toEqual([])
  })
})

describe('a route over several targets', () => {
  it('gives a run the same one every time, and all of them their share', async () => {
    const models = new Set<string>()
    for (let index = 0; index < 12; index += 1) {
      const access = await scratch.access()
      const [one, two] = [await ask(question('half'), access), await ask(question('half'), access)]
      expect(one.provenance.model).toBe(two.provenance.model)
      models.add(one.provenance.model)
    }
    expect([...models].sort()).toEqual(['small', 'spare'])
  })

  it('is shifted and shifted back at once', async () => {
    const { tenantId, people } = scratch.studio
    const change = (weights: Record<string, number> | undefined) =>
      scratch.gateway.setWeights({
        tenantId,
        principalId: people.owner.id,
        route: 'split',
        weights,
        reason: 'canary',
      })
    const model = async () => (await ask(question('split'))).provenance.model
    expect(await model()).toBe('spare')
    await change({ small: 1, spare: 0 })
    expect(await model()).toBe('small')
    await change(undefined)
    expect(await model()).toBe('spare')
  })
})

describe('a key', () => {
  it('has no more calls under way than it may, and the rest wait', async () => {
    let most = 0
    let under = 0
    upstream.behave(async (response, request, number) => {
      under += 1
      most = Math.max(most, under)
      await new Promise((resolve) => setTimeout(resolve, 20))
      under -= 1
      await answerText('Hello')(response, request, number)
    })
    const access = await scratch.access({}, { keyId: 'key-1', limits: { concurrent: 2 } })
    await Promise.all(Array.from({ length: 8 }, () => ask(question('small'), access)))
    expect(most).toBe(2)
  })

  it('sees the models it may use, and of those only what can be used', async () => {
    const all = await scratch.gateway.models(await scratch.access())
    expect(all).toContainEqual({ id: 'safe', provider: 'atelier', kind: 'route' })
    expect(all).toContainEqual({ id: 'small', provider: 'at-small', kind: 'model' })
    expect(await scratch.gateway.models(await scratch.access({}, { models: ['small', 'none'] }))).toEqual([
      { id: 'small', provider: 'at-small', kind: 'model' },
    ])
  })
})

describe('texts', () => {
  it('become vectors in one act', async () => {
    upstream.behave((response, { body }) => {
      response.setHeader('content-type', 'application/json')
      const data = (body['input'] as string[]).map((text, index) => ({
        index,
        embedding: [text.length, 0.5],
      }))
      response.end(JSON.stringify({ data, model: 'v', usage: { prompt_tokens: 7, total_tokens: 7 } }))
    })
    const access = await scratch.access()
    const call = { model: 'vectors', inputs: ['one', 'three'], ...asking({ key: 'e' }) }
    const answer = await scratch.gateway.embed(access, call)
    expect(answer).toEqual({
      model: 'vectors',
      embeddings: [
        [3, 0.5],
        [5, 0.5],
      ],
      usage: { input: 7 },
      cost: 7,
    })
    expect(await scratch.gateway.embed(access, call)).toEqual(answer)
    expect(upstream.received).toHaveLength(1)
    expect(await scratch.spent(access)).toEqual({ money: 7, tokens: 7, reserved: 0 })
    await expect(scratch.gateway.embed(access, { ...call, model: 'small', key: 'f' })).rejects.toMatchObject({
      code: 'ATL_MODEL_UNSUPPORTED',
    })
  })
})
