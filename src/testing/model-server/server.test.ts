import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { startModelServer } from './server.ts'
import type { ModelServer, ModelServerOptions } from './server.ts'
import type { ScenarioSource } from './scenario.ts'

let server: ModelServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function start(
  options: ModelServerOptions,
): Promise<{ server: ModelServer; openai: OpenAI; anthropic: Anthropic }> {
  server = await startModelServer(options)
  const { url } = server
  return {
    server,
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'key-1', maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: url, apiKey: 'key-1', maxRetries: 0 }),
  }
}

/** Reads a file that the person names, says what is in it, and thinks before. */
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
    },
    { when: { turn: 2, result: { tool: 'read_file', matches: 'wisdom' } }, answer: 'It says: {{results}}' },
    { when: { last: 'hello' }, answer: 'Good day.' },
  ],
}

const parameters = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
const chatTools = [{ type: 'function' as const, function: { name: 'read_file', parameters } }]
const responseTools = [{ type: 'function' as const, name: 'read_file', parameters, strict: false }]
const anthropicTools = [{ name: 'read_file', input_schema: { ...parameters, type: 'object' as const } }]
const input = { path: 'a.md', lines: [1, 2] }

describe('the official OpenAI client, chat completions', () => {
  it('talks, calls a tool and goes on with its result', async () => {
    const { openai } = await start({ scenario: reader })
    const ask: OpenAI.ChatCompletionMessageParam = { role: 'user', content: 'Please read a.md' }
    const first = await openai.chat.completions.create({ model: 'm', messages: [ask], tools: chatTools })
    const { message, finish_reason } = first.choices[0]!
    expect(finish_reason).toBe('tool_calls')
    expect(message.content).toBe('I read a.md. Ünï✓')
    const call = message.tool_calls![0]!
    expect(call.type === 'function' && JSON.parse(call.function.arguments)).toEqual(input)
    expect(first.usage!.total_tokens).toBe(first.usage!.prompt_tokens + first.usage!.completion_tokens)
    const second = await openai.chat.completions.create({
      model: 'm',
      messages: [ask, message, { role: 'tool', tool_call_id: call.id, content: 'wisdom' }],
    })
    expect(second.choices[0]!.message.content).toBe('It says: wisdom')
  })

  it('streams the same answer, with usage for those who ask', async () => {
    const { openai } = await start({ scenario: reader })
    const stream = openai.chat.completions.stream({
      model: 'm',
      messages: [{ role: 'user', content: 'Please read a.md' }],
      tools: chatTools,
      stream_options: { include_usage: true },
    })
    const { choices, usage } = await stream.finalChatCompletion()
    expect(choices[0]!.message.content).toBe('I read a.md. Ünï✓')
    const call = choices[0]!.message.tool_calls![0]!
    expect(call.type === 'function' && JSON.parse(call.function.arguments)).toEqual(input)
    expect(usage!.completion_tokens).toBeGreaterThan(0)
  })
})

describe('the official OpenAI client, responses', () => {
  it('talks, calls a tool and goes on from its own answer', async () => {
    const { openai } = await start({ scenario: reader })
    const first = await openai.responses.create({
      model: 'm',
      input: 'Please read a.md',
      tools: responseTools,
    })
    expect(first.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call'])
    expect(first.output_text).toBe('I read a.md. Ünï✓')
    const call = first.output.find((item) => item.type === 'function_call')!
    expect(JSON.parse(call.arguments)).toEqual(input)
    const second = await openai.responses.create({
      model: 'm',
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: 'wisdom' }],
    })
    expect(second.output_text).toBe('It says: wisdom')
    await expect(
      openai.responses.create({ model: 'm', previous_response_id: 'resp_unknown', input: 'hello' }),
    ).rejects.toMatchObject({ status: 404 })
  })

  it('streams the same answer', async () => {
    const { openai } = await start({ scenario: reader })
    const stream = openai.responses.stream({ model: 'm', input: 'Please read a.md', tools: responseTools })
    const types = new Set<string>()
    for await (const event of stream) types.add(event.type)
    const final = await stream.finalResponse()
    expect(final.output_text).toBe('I read a.md. Ünï✓')
    const call = final.output.find((item) => item.type === 'function_call')!
    expect(JSON.parse(call.arguments)).toEqual(input)
    expect(types).toContain('response.reasoning_summary_text.delta')
    expect(final.usage!.output_tokens).toBeGreaterThan(final.usage!.output_tokens_details.reasoning_tokens)
  })
})

describe('the official Anthropic client', () => {
  it('talks, thinks, calls a tool and goes on with its result', async () => {
    const { anthropic } = await start({ scenario: reader })
    const ask: Anthropic.MessageParam = { role: 'user', content: 'Please read a.md' }
    const first = await anthropic.messages.create({
      model: 'm',
      max_tokens: 100,
      messages: [ask],
      tools: anthropicTools,
    })
    expect(first.stop_reason).toBe('tool_use')
    expect(first.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use'])
    const use = first.content.find((block) => block.type === 'tool_use')!
    expect(use.input).toEqual(input)
    const second = await anthropic.messages.create({
      model: 'm',
      max_tokens: 100,
      messages: [
        ask,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'wisdom' }] },
      ],
    })
    expect(second.content).toMatchObject([{ type: 'text', text: 'It says: wisdom' }])
  })

  it('streams the same answer', async () => {
    const { anthropic } = await start({ scenario: reader })
    const final = await anthropic.messages
      .stream({
        model: 'm',
        max_tokens: 100,
        messages: [{ role: 'user', content: 'Please read a.md' }],
        tools: anthropicTools,
      })
      .finalMessage()
    expect(final.content).toMatchObject([
      { type: 'thinking', thinking: 'The person names a file.' },
      { type: 'text', text: 'I read a.md. Ünï✓' },
      { type: 'tool_use', name: 'read_file', input },
    ])
    expect(final.usage.output_tokens).toBeGreaterThan(1)
  })

  it('counts tokens and lists models', async () => {
    const { anthropic, openai } = await start({ scenario: reader })
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'hello' }]
    const { input_tokens } = await anthropic.messages.countTokens({ model: 'm', messages })
    expect(input_tokens).toBeGreaterThan(0)
    expect((await anthropic.models.list()).data.map(({ id }) => id)).toEqual(['reader'])
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['reader'])
  })
})

it('embeds texts so that those with common words are near', async () => {
  const { openai } = await start({})
  const { data } = await openai.embeddings.create({
    model: 'm',
    input: ['book an appointment', 'book the appointment', 'entirely different'],
  })
  const [a, b, c] = data.map(({ embedding }) => embedding)
  const dot = (x: number[], y: number[]): number =>
    x.reduce((sum, value, index) => sum + value * y[index]!, 0)
  expect(dot(a!, a!)).toBeCloseTo(1)
  expect(dot(a!, b!)).toBeGreaterThan(dot(a!, c!))
})

describe('requests', () => {
  it('are kept for assertions, as many as asked for', async () => {
    const { server, openai, anthropic } = await start({ scenario: reader, log: { entries: 2 } })
    const messages = [{ role: 'user' as const, content: 'hello' }]
    await openai.chat.completions.create({ model: 'one', messages })
    await openai.responses.create({ model: 'two', input: 'hello' })
    await anthropic.messages.create({ model: 'three', max_tokens: 1, messages })
    expect(server.requests.received).toBe(3)
    expect(server.requests.all()).toMatchObject([
      {
        number: 2,
        protocol: 'openai-responses',
        scenario: 'reader',
        step: 3,
        outcome: 'answered',
        key: 'key-1',
      },
      { number: 3, protocol: 'anthropic-messages', conversation: { model: 'three' }, status: 200 },
    ])
    const shown = await fetch(`${server.url}/_atelier/requests`)
    expect(await shown.text()).not.toContain('key-1')
  })

  it('that no step fits are refused with the reason', async () => {
    const { server, openai } = await start({ scenario: reader })
    await expect(openai.responses.create({ model: 'm', input: 'nonsense' })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(
        'no step of reader fits turn 1 with no tools, after "nonsense"',
      ) as string,
    })
    expect(server.requests.all()).toMatchObject([{ outcome: 'unmatched' }])
  })

  it('that break the protocol are refused with the place', async () => {
    const { openai, anthropic, server } = await start({ scenario: reader })
    const robot = { model: 'm', messages: [{ role: 'robot', content: 'x' }] }
    await expect(openai.post('/chat/completions', { body: robot })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('messages.0.role') as string,
    })
    await expect(
      anthropic.messages.create({ model: 'm', max_tokens: 1, messages: [] }),
    ).rejects.toMatchObject({
      status: 400,
      error: { type: 'error', error: { type: 'invalid_request_error' } },
    })
    const unknown = await fetch(`${server.url}/v1/nothing`, { method: 'POST', body: 'x' })
    expect(unknown.status).toBe(400)
  })

  it('need the key where one is set', async () => {
    const { openai, anthropic } = await start({ scenario: reader, key: 'other' })
    await expect(openai.responses.create({ model: 'm', input: 'hello' })).rejects.toMatchObject({
      status: 401,
    })
    await expect(anthropic.models.list()).rejects.toMatchObject({ status: 401 })
  })
})

it('lets a model name choose among scenarios', async () => {
  const other: ScenarioSource = { name: 'other', models: ['gpt-*'], steps: [{ answer: 'from the other' }] }
  const { openai } = await start({ scenarios: [reader, other] })
  const ask = async (model: string): Promise<string> =>
    (await openai.responses.create({ model, input: 'hello' })).output_text
  expect(await ask('gpt-9')).toBe('Good day.')
  expect(await ask('other')).toBe('from the other')
  expect(await ask('atelier/other')).toBe('from the other')
})
