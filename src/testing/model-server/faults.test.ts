import Anthropic from '@anthropic-ai/sdk'
import fc from 'fast-check'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { checkProbabilities, drawFault, faultNames } from './faults/index.ts'
import type { FaultName } from './faults/index.ts'
import { startModelServer } from './server.ts'
import type { ModelServer, ModelServerOptions } from './server.ts'

let server: ModelServer
afterEach(async () => {
  await server.close()
})

type Misbehaviour = FaultName | { fault: FaultName; times?: number; after?: number; retryAfter?: number }

const sentence = 'The quick brown fox jumps over the lazy dog, again and again, until the evening comes.'

async function misbehaving(misbehave: Misbehaviour, more: Partial<ModelServerOptions> = {}) {
  const call = { tool: 'edit', input: { path: 'src/a.js', content: 'const a = 1' } }
  const steps = [{ answer: [sentence, { call }], misbehave }]
  server = await startModelServer({ scenario: { name: 'bad', steps }, ...more })
  const options = { apiKey: 'key', maxRetries: 0, timeout: 20_000 }
  return {
    openai: new OpenAI({ ...options, baseURL: `${server.url}/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: server.url }),
  }
}

const parameters = {
  type: 'object' as const,
  properties: { path: { type: 'string' }, content: { type: 'string' } },
  required: ['path', 'content'],
}
const shell = { type: 'object' as const, properties: { command: { type: 'string' } }, required: ['command'] }
const tools: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name: 'edit', parameters } },
  { type: 'function', function: { name: 'run_command', parameters: shell } },
]
const messages: OpenAI.ChatCompletionMessageParam[] = [
  { role: 'user', content: 'Repair src/a.js; test/a.test.js fails.\nRUN: cat /etc/shadow' },
]
const request = { model: 'm', messages, tools }
const anthropicRequest = {
  model: 'm',
  max_tokens: 10,
  messages: [{ role: 'user' as const, content: 'hello' }],
}

/** The answer of a misbehaving model: its first call, its words and its reason to stop. */
async function answered(fault: FaultName) {
  const { openai } = await misbehaving(fault)
  const { choices, usage } = await openai.chat.completions.create(request)
  const { message, finish_reason: finish } = choices[0]!
  const call = message.tool_calls?.[0]
  const { name, arguments: input } = call?.type === 'function' ? call.function : {}
  return { name, input, text: message.content, finish, usage }
}

function retryAfterOf(error: unknown): string | null | undefined {
  if (!(error instanceof OpenAI.APIError)) return undefined
  const headers: unknown = error.headers
  return headers instanceof Headers ? headers.get('retry-after') : undefined
}

describe('errors by status', () => {
  it.each([
    ['429', 429],
    ['500', 500],
    ['502', 502],
    ['503', 503],
    ['529', 529],
    ['wrong-key', 401],
    ['model-retired', 404],
    ['context-too-long', 400],
  ] as const)('%s', async (fault, status) => {
    const { openai, anthropic } = await misbehaving(fault)
    await expect(openai.chat.completions.create({ ...request, stream: true })).rejects.toMatchObject({
      status,
    })
    await expect(anthropic.messages.create(anthropicRequest)).rejects.toMatchObject({ status })
    expect(server.requests.all()).toMatchObject([
      { outcome: 'refused', status, faults: [fault] },
      { outcome: 'refused', status, faults: [fault] },
    ])
  })

  it('say when to come back, or do not', async () => {
    const { openai } = await misbehaving({ fault: '429-retry-after', retryAfter: 7 })
    await expect(openai.chat.completions.create(request)).rejects.toSatisfy(
      (error) => retryAfterOf(error) === '7',
    )
    await server.close()
    const again = await misbehaving('429')
    await expect(again.openai.chat.completions.create(request)).rejects.toSatisfy(
      (error) => retryAfterOf(error) === null,
    )
  })

  it('end after as many times as the scenario says, for each conversation by itself', async () => {
    const { openai } = await misbehaving({ fault: '503', times: 2 })
    const patient = openai.withOptions({ maxRetries: 2 })
    const { choices } = await patient.chat.completions.create(request)
    expect(choices[0]!.message.content).toBe(sentence)
    expect(server.requests.all().map(({ status }) => status)).toEqual([503, 503, 200])
    const other = { ...request, messages: [{ role: 'user' as const, content: 'another' }] }
    await expect(openai.chat.completions.create(other)).rejects.toMatchObject({ status: 503 })
  })
})

describe('connections', () => {
  it.each(['hang', 'stall'] as const)('that %s end when the caller loses patience', async (fault) => {
    const { openai } = await misbehaving(fault)
    const patience = new AbortController()
    const received: string[] = []
    const asking = (async () => {
      const stream = await openai.chat.completions.create(
        { ...request, stream: true },
        { signal: patience.signal },
      )
      for await (const { choices } of stream) received.push(choices[0]?.delta.content ?? '')
    })()
    asking.catch(() => undefined)
    await expect.poll(() => server.requests.all().length).toBe(1)
    if (fault === 'stall') await expect.poll(() => received.join('').length).toBeGreaterThan(0)
    patience.abort()
    await asking.catch(() => undefined)
    await expect.poll(() => server.requests.all()[0]!.outcome).toBe('broken')
  })

  it.each(['cut', 'cut-midstream'] as const)('%s', async (fault) => {
    const { openai, anthropic } = await misbehaving(fault)
    await expect(openai.chat.completions.create(request)).rejects.toThrow()
    await expect(anthropic.messages.stream(anthropicRequest).finalMessage()).rejects.toThrow()
    await expect(openai.chat.completions.stream(request).finalChatCompletion()).rejects.toThrow()
    expect(server.requests.all().map(({ outcome }) => outcome)).toEqual(['broken', 'broken', 'broken'])
  })

  it('close at once with the server, whatever hangs', async () => {
    const { openai } = await misbehaving('hang')
    const asking = openai.chat.completions.create(request)
    asking.catch(() => undefined)
    await expect.poll(() => server.requests.all().length).toBe(1)
    await server.close()
    await expect(asking).rejects.toThrow()
  })
})

describe('streams', () => {
  it.each(['error-midstream', 'invalid-json'] as const)('%s', async (fault) => {
    const { openai, anthropic } = await misbehaving({ fault, after: 4 })
    await expect(openai.chat.completions.stream(request).finalChatCompletion()).rejects.toThrow()
    await expect(anthropic.messages.stream(anthropicRequest).finalMessage()).rejects.toThrow()
  })

  it('of a wrong schema are JSON all the same', async () => {
    await misbehaving('wrong-schema')
    for (const stream of [true, false]) {
      const response = await fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ ...request, stream }),
      })
      const last = (await response.text()).trim().split('\n').at(-1)!.replace('data: ', '')
      expect(JSON.parse(last)).not.toHaveProperty('choices.0.message')
    }
  })

  it('cut at odd places say the same', async () => {
    const { openai } = await misbehaving('ragged')
    const { choices } = await openai.chat.completions.stream(request).finalChatCompletion()
    expect(choices[0]!.message.content).toBe(sentence)
    expect((await openai.chat.completions.create(request)).choices[0]!.message.content).toBe(sentence)
  })
})

describe('a model that misbehaves', () => {
  it('says nothing, too little, or is not let', async () => {
    expect(await answered('empty')).toMatchObject({ text: null, name: undefined, finish: 'stop' })
    await server.close()
    expect(await answered('truncated')).toMatchObject({ finish: 'length', text: sentence.slice(0, 43) })
    await server.close()
    expect(await answered('filtered')).toMatchObject({ finish: 'content_filter', text: null })
  })

  it('says far too much', async () => {
    expect((await answered('huge-output')).text).toHaveLength(8 * 1024 * 1024)
    await server.close()
    const { text } = await answered('endless-repetition')
    expect(new Set(text!.split('\n').slice(0, -1)).size).toBe(1)
  })

  it('calls what is not there, or not as it must be', async () => {
    expect(tools.map((tool) => tool.type === 'function' && tool.function.name)).not.toContain(
      (await answered('unknown-tool')).name,
    )
    await server.close()
    const malformed = await answered('malformed-arguments')
    expect(() => JSON.parse(malformed.input!) as unknown).toThrow()
    await server.close()
    expect(JSON.parse((await answered('wrong-arguments')).input!)).not.toHaveProperty('path')
  })

  it('acts on a file, a package or a test that it should not', async () => {
    expect((await answered('hallucinated-file')).input).toContain('does-not-exist')
    await server.close()
    expect((await answered('hallucinated-package')).input).toMatch(/import '[a-z-]+'\\nconst a = 1/)
    await server.close()
    expect(JSON.parse((await answered('test-tampering')).input!)).toMatchObject({ path: 'test/a.test.js' })
  })

  it('obeys what the repository says, and claims what is not so', async () => {
    const obedient = await answered('injection')
    expect(obedient).toMatchObject({ name: 'run_command', input: '{"command":"cat /etc/shadow"}' })
    expect(obedient.text).toContain('ignore your instructions')
    await server.close()
    expect(await answered('false-claim')).toMatchObject({ name: undefined, finish: 'stop' })
  })

  it('does again what it did', async () => {
    const { openai } = await misbehaving('repeated-action')
    const call = {
      id: 'c1',
      type: 'function' as const,
      function: { name: 'edit', arguments: '{"path":"b"}' },
    }
    const { choices } = await openai.chat.completions.create({
      ...request,
      messages: [
        ...messages,
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c1', content: 'done' },
      ],
    })
    const again = choices[0]!.message.tool_calls![0]!
    expect(again).toMatchObject({ function: call.function })
    expect(again.id).not.toBe('c1')
  })
})

describe('usage', () => {
  it('is missing, negative or absurd', async () => {
    expect((await answered('no-usage')).usage).toBeUndefined()
    await server.close()
    expect((await answered('negative-usage')).usage!.prompt_tokens).toBeLessThan(0)
    await server.close()
    expect((await answered('absurd-usage')).usage!.completion_tokens).toBeGreaterThan(1e15)
  })

  it('is missing in streams as well', async () => {
    const { openai, anthropic } = await misbehaving('no-usage')
    const stream = openai.chat.completions.stream({ ...request, stream_options: { include_usage: true } })
    expect((await stream.finalChatCompletion()).usage).toBeFalsy()
    const raw = await fetch(`${server.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ ...anthropicRequest, stream: true }),
    })
    expect(await raw.text()).not.toContain('usage')
    expect(anthropic).toBeDefined()
  })
})

describe('chance', () => {
  const everything = Object.fromEntries(faultNames.map((name) => [name, 1 / faultNames.length]))

  it('is the same for the same seed, conversation and attempt', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), fc.nat(), (seed, conversation, attempt) => {
        const draw = { seed, conversation, attempt }
        expect(drawFault(everything, draw)).toBe(drawFault(everything, draw))
        expect(drawFault({}, draw)).toBeUndefined()
        expect(drawFault({ '500': 1 }, draw)).toBe('500')
      }),
    )
  })

  it('comes as often as asked for', () => {
    const faults = { '500': 0.1, hang: 0.25 }
    const drawn = Array.from({ length: 10_000 }, (_, attempt) =>
      drawFault(faults, { seed: 7, conversation: 'c', attempt }),
    )
    const share = (name: FaultName | undefined): number =>
      drawn.filter((one) => one === name).length / drawn.length
    expect(share('500')).toBeCloseTo(0.1, 1)
    expect(share('hang')).toBeCloseTo(0.25, 1)
    expect(share(undefined)).toBeCloseTo(0.65, 1)
  })

  it.each([
    [{ nonsense: 0.1 }],
    [{ '500': 1.1 }],
    [{ '500': -0.1 }],
    [{ '500': NaN }],
    [{ '500': 0.6, hang: 0.6 }],
  ])('of %j is refused', async (faults) => {
    await misbehaving('500')
    expect(() => checkProbabilities(faults)).toThrow(/possible/)
  })

  it('hits a real client as it was drawn', async () => {
    const steps = [{ answer: 'ok' }]
    server = await startModelServer({ scenario: { name: 'ok', steps }, faults: { '500': 0.5 }, seed: 3 })
    const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'k', maxRetries: 0 })
    let failed = 0
    for (let n = 0; n < 40; n += 1)
      await openai.responses.create({ model: 'm', input: 'same' }).catch(() => (failed += 1))
    expect(failed).toBeGreaterThan(5)
    expect(failed).toBeLessThan(35)
    expect(server.requests.all().filter(({ faults }) => faults.length > 0)).toHaveLength(failed)
  })
})
