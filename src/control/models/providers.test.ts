import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ModelEvent, ModelRequest } from '../../contracts/index.ts'
import { type ModelServer, type ScenarioSource, startModelServer } from '../../testing/index.ts'
import type { upstreamKinds } from './upstreams/registry.ts'
import { asking, createScratchGateway, type ScratchGateway } from './scratch-gateway.ts'

const reader: ScenarioSource = {
  name: 'reader',
  steps: [
    {
      when: { turn: 1, last: 'read (\\S+)' },
      capture: { file: 'read (\\S+)' },
      answer: [
        { reasoning: 'The person names a file.' },
        'I read {{file}}. Ünï✓',
        { call: { tool: 'read_file', input: { path: '{{file}}', lines: [1, 2] } } },
      ],
      usage: { input: 100, output: 40, cacheRead: 60, reasoning: 10 },
    },
    { when: { turn: 2, result: { tool: 'read_file', matches: 'wisdom' } }, answer: 'It says: {{results}}' },
    { when: { last: 'hello' }, answer: 'Good day.' },
    { when: { last: 'busy' }, answer: 'At last.', misbehave: '429-retry-after' },
    { when: { last: 'never' }, answer: 'Unsaid.', misbehave: 'model-retired' },
    {
      when: { last: 'cut' },
      answer: 'A long answer that is cut off in its middle, alas.',
      misbehave: 'cut-midstream',
    },
    {
      when: { last: 'fail' },
      answer:
        'A long answer of many words and pieces that was to be longer still but ends in an error, as it happens.',
      misbehave: 'error-midstream',
    },
  ],
}

type UpstreamKindName = keyof typeof upstreamKinds

interface Traits {
  /** Below the address of the scripted server. */
  readonly path: string
  /** What arrives there. */
  readonly protocol: string
  readonly name?: string
  /** Who says how many tokens it took. */
  readonly countedBy?: 'provider' | 'counted'
  /** What becomes of an error in the middle of a stream. */
  readonly error?: string
}

/** By the names of the catalogue. */
const providers: Readonly<Record<UpstreamKindName, Traits>> = {
  'openai-responses': { path: '/v1', protocol: 'openai-responses' },
  'openai-chat': { path: '/v1', protocol: 'openai-chat' },
  'openai-compatible': { path: '/v1', protocol: 'openai-chat' },
  anthropic: { path: '/v1', protocol: 'anthropic-messages' },
  google: { path: '/v1beta', protocol: 'google-generate-content', name: 'one-1.5' },
  // It counts in every stream without being asked to, as OpenAI does not, and its library knows no error in a stream.
  mistral: {
    ...{ path: '/v1', protocol: 'openai-chat' },
    ...{ countedBy: 'counted', error: 'ATL_MODEL_ANSWER_INVALID' },
  },
  bedrock: { path: '', protocol: 'bedrock-converse' },
  azure: { path: '/openai/v1', protocol: 'openai-responses' },
}
const names = Object.keys(providers) as UpstreamKindName[]

let server: ModelServer
let scratch: ScratchGateway

beforeAll(async () => {
  server = await startModelServer({ scenario: reader, key: 'test-secret-1' })
  const place = { deployment: 'cloud', residency: 'eu' }
  const account = { accessKeyId: 'TEST_KEY', secretAccessKey: 'TEST_KEY' }
  const upstreams = names.map((kind) => {
    const baseUrl = `${server.url}${providers[kind].path}`
    return [kind, { kind, baseUrl, credential: 'TEST_KEY', ...place }] as const
  })
  const models = names.flatMap((upstream): [string, object][] => [
    [upstream, { upstream, name: providers[upstream].name ?? 'eu.one/one:1', ...model, ...talking }],
    [`${upstream}-vectors`, { upstream, name: 'two', ...model, ...embedding }],
  ])
  const catalogue = {
    upstreams: {
      ...Object.fromEntries(upstreams),
      signed: { kind: 'bedrock', baseUrl: server.url, credentials: account, ...place },
    },
    models: { ...Object.fromEntries(models), signed: { upstream: 'signed', ...model } },
  }
  scratch = await createScratchGateway(JSON.stringify(catalogue), 'defaults: { retries: 0 }')
})
const model = { context: 8000, maxOutput: 1000, size: 'small', prices: { input: 2, output: 10 } }
const talking = { capabilities: ['tools', 'reasoning'] }
const embedding = { maxOutput: 1, capabilities: ['embeddings'] }
afterAll(async () => {
  await scratch[Symbol.asyncDispose]()
  await server.close()
})
beforeEach(() => server.requests.clear())

async function ask(request: ModelRequest, events: ModelEvent[] = []) {
  const access = await scratch.access()
  const asked = { ...asking(), onEvent: (event: ModelEvent) => void events.push(event) }
  return scratch.gateway.client(access).ask(request, asked)
}

const says = (text: string): ModelRequest['messages'][number] => ({
  role: 'user',
  content: [{ kind: 'text', text }],
})
const tools = [
  {
    name: 'read_file',
    description: 'Reads a file.',
    input: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  },
]

describe.each(names)('%s', (name) => {
  const { protocol, countedBy = 'provider', error = 'ATL_MODEL_OVERLOADED' } = providers[name]

  it('is asked in its own words, calls a tool, and goes on with its result', async () => {
    const events: ModelEvent[] = []
    const messages = [{ role: 'system' as const, content: 'Be brief.' }, says('Please read a.md')]
    const first = await ask({ model: name, messages, tools, maxOutputTokens: 200 }, events)
    expect(first).toMatchObject({
      finish: 'tool-calls',
      usage:
        countedBy === 'provider' ? { source: 'provider', input: 100, output: 40 } : { source: countedBy },
    })
    const call = first.content.find((part) => part.kind === 'tool-call')
    expect(JSON.parse(call?.input ?? '')).toEqual({ path: 'a.md', lines: [1, 2] })
    const text = events.map((event) => (event.kind === 'text' ? event.text : '')).join('')
    expect(text).toBe('I read a.md. Ünï✓')
    const [asked] = server.requests.conversations()
    expect(asked).toMatchObject({
      protocol,
      conversation: {
        system: 'Be brief.',
        maxOutputTokens: 200,
        tools: [{ name: 'read_file', schema: tools[0]?.input }],
      },
    })

    const result = {
      kind: 'tool-result' as const,
      id: call?.id ?? '',
      tool: 'read_file',
      text: 'some wisdom',
      failed: false,
    }
    const second = await ask({
      model: name,
      messages: [
        ...messages,
        { role: 'assistant', content: first.content },
        { role: 'tool', content: [result] },
      ],
      tools,
    })
    expect(second).toMatchObject({
      finish: 'stop',
      content: [{ kind: 'text', text: 'It says: some wisdom' }],
    })
  })

  it('says why it does not answer', async () => {
    const failing = async (word: string) =>
      ask({ model: name, messages: [says(word)] }).catch((error: unknown) => error)
    expect(await failing('busy')).toMatchObject({
      code: 'ATL_MODEL_RATE_LIMITED',
      details: { retryAfterMs: 1000 },
    })
    expect(await failing('never')).toMatchObject({ code: 'ATL_MODEL_REQUEST_REFUSED' })
    expect(await failing('cut')).toMatchObject({ code: 'ATL_MODEL_CUT_OFF' })
    expect(await failing('fail')).toMatchObject({ code: error })
  })
})

it.each(['openai-responses', 'openai-compatible', 'google', 'mistral', 'azure'])(
  'texts become vectors at %s',
  async (name) => {
    const call = { model: `${name}-vectors`, inputs: ['one word', 'another word'], ...asking() }
    const { embeddings } = await scratch.gateway.embed(await scratch.access(), call)
    expect(embeddings.map((vector) => Math.round(Math.hypot(...vector) * 1000))).toEqual([1000, 1000])
    expect(embeddings[0]).not.toEqual(embeddings[1])
  },
)

it('a request to bedrock is signed where there are the keys of an account', async () => {
  expect(await ask({ model: 'signed', messages: [says('hello')] })).toMatchObject({ finish: 'stop' })
  expect(server.requests.conversations()).toMatchObject([
    { protocol: 'bedrock-converse', key: 'test-secret-1' },
  ])
})
