import { describe, expect, it } from 'vitest'
import { modelRequestSchema } from '../../../contracts/index.ts'
import type { ModelResponse } from '../../../contracts/index.ts'
import { anthropicMessages, openaiChat, openaiResponses } from './index.ts'
import type { Protocol } from './index.ts'

const image = 'data:image/png;base64,iVBORw0KGgo='
const file = { kind: 'file', mediaType: 'image/png', data: { kind: 'base64', base64: 'iVBORw0KGgo=' } }
const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }

/** The conversation that each of the bodies below writes in its protocol. */
const conversation = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: [{ kind: 'text', text: 'What is this?' }, file] },
  {
    role: 'assistant',
    content: [
      { kind: 'text', text: 'I look.' },
      { kind: 'tool-call', id: 'call_1', tool: 'read', input: '{"path":"a"}' },
      { kind: 'tool-call', id: 'call_2', tool: 'read', input: '{"path":"b"}' },
    ],
  },
  {
    role: 'tool',
    content: [
      { kind: 'tool-result', id: 'call_1', tool: 'read', text: 'one', failed: false },
      { kind: 'tool-result', id: 'call_2', tool: 'read', text: 'two', failed: false },
    ],
  },
]

const chatBody = {
  model: 'm',
  messages: [
    { role: 'developer', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: image, detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: 'I look.',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } },
        { id: 'call_2', type: 'function', function: { name: 'read', arguments: '{"path":"b"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'one' },
    { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'two' }] },
  ],
  tools: [{ type: 'function', function: { name: 'read', description: 'Reads.', parameters: schema } }],
  tool_choice: { type: 'function', function: { name: 'read' } },
  max_completion_tokens: 100,
  temperature: 0.5,
  stop: 'END',
  stream: true,
}

const responsesBody = {
  model: 'm',
  instructions: 'Be brief.',
  input: [
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'What is this?' },
        { type: 'input_image', image_url: image, detail: 'auto' },
      ],
    },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'I look.', annotations: [] }],
    },
    { type: 'function_call', call_id: 'call_1', name: 'read', arguments: '{"path":"a"}' },
    { type: 'function_call', call_id: 'call_2', name: 'read', arguments: '{"path":"b"}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'one' },
    { type: 'function_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'two' }] },
  ],
  tools: [{ type: 'function', name: 'read', description: 'Reads.', parameters: schema }],
  tool_choice: { type: 'function', name: 'read' },
  max_output_tokens: 100,
  temperature: 0.5,
  stream: true,
}

const messagesBody = {
  model: 'm',
  system: 'Be brief.',
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'call_1', name: 'read', input: { path: 'a' } },
        { type: 'tool_use', id: 'call_2', name: 'read', input: { path: 'b' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_1', content: 'one' },
        { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'two' }] },
      ],
    },
  ],
  tools: [{ name: 'read', description: 'Reads.', input_schema: schema }],
  tool_choice: { type: 'tool', name: 'read' },
  max_tokens: 100,
  temperature: 0.5,
  stop_sequences: ['END'],
  stream: true,
}

const bodies: readonly (readonly [Protocol, object])[] = [
  [openaiChat, chatBody],
  [openaiResponses, responsesBody],
  [anthropicMessages, messagesBody],
]

describe.each(bodies)('a request of $name', (protocol, body) => {
  it('means the same conversation', () => {
    const { request, stream, ignored, answering } = protocol.parse(body)
    expect(request.messages).toEqual(conversation)
    expect(request).toMatchObject({
      model: 'm',
      tools: [{ name: 'read', description: 'Reads.', input: schema }],
      toolChoice: { kind: 'tool', tool: 'read' },
      maxOutputTokens: 100,
      temperature: 0.5,
    })
    expect([stream, ignored, answering.model]).toEqual([true, [], 'm'])
    expect(modelRequestSchema.parse(request)).toEqual(request)
  })

  it('may have nulls for what is absent, and fields that nobody knows, which are named', () => {
    const { request, ignored } = protocol.parse({
      ...body,
      tool_choice: null,
      temperature: null,
      from_the_future: { a: 1 },
      nothing: null,
    })
    expect(request.temperature).toBeUndefined()
    expect(request.toolChoice).toBeUndefined()
    expect(ignored).toEqual(['from_the_future'])
  })

  it('may offer tools of the provider, which are left out and named', () => {
    const { request, ignored } = protocol.parse({
      ...body,
      tools: [{ type: 'web_search', name: 'web_search' }],
    })
    expect(request.tools).toBeUndefined()
    expect(ignored).toEqual(['tools[0] of type web_search'])
  })

  it.each([
    ['model', { model: '' }],
    ['temperature', { temperature: 'hot' }],
    ['tools', { tools: {} }],
    ['stream', { stream: 'yes' }],
  ])('is refused with the name of what is wrong: %s', (param, change) => {
    expect(() => protocol.parse({ ...body, ...change })).toThrow(
      expect.objectContaining({ code: 'ATL_PROTOCOL_REQUEST_INVALID', details: { param } }) as Error,
    )
  })
})

describe('what cannot be passed on', () => {
  it.each([
    [openaiChat, { ...chatBody, n: 2 }, 'n'],
    [
      openaiChat,
      { ...chatBody, messages: [{ role: 'user', content: [{ type: 'odour' }] }] },
      'messages[0].content[0]',
    ],
    [openaiResponses, { ...responsesBody, previous_response_id: 'resp_1' }, 'previous_response_id'],
    [openaiResponses, { ...responsesBody, background: true }, 'background'],
    [openaiResponses, { ...responsesBody, input: [{ type: 'item_reference', id: 'x' }] }, 'input[0]'],
    [
      anthropicMessages,
      { ...messagesBody, messages: [{ role: 'user', content: [{ type: 'odour' }] }] },
      'messages[0].content[0]',
    ],
  ])('is refused, and named', (protocol, body, param) => {
    expect(() => protocol.parse(body)).toThrow(
      expect.objectContaining({ code: 'ATL_PROTOCOL_UNSUPPORTED', details: { param } }) as Error,
    )
  })
})

describe('what a provider wants back', () => {
  const response: ModelResponse = {
    content: [
      { kind: 'reasoning', text: 'Hm.', providerData: { google: { thoughtSignature: 'abc' } } },
      { kind: 'text', text: 'So.' },
    ],
    finish: 'stop',
    usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, source: 'provider' },
    cost: null,
    provenance: {
      model: 'm',
      version: '',
      provider: '',
      endpoint: '',
      route: '',
      failedBefore: [],
      cached: false,
    },
  }

  it('survives the way to a client of Anthropic and back', () => {
    const { content } = anthropicMessages.encode(response) as { content: unknown }
    const { request } = anthropicMessages.parse({
      ...messagesBody,
      messages: [{ role: 'assistant', content }],
    })
    expect(request.messages.at(-1)).toEqual({ role: 'assistant', content: response.content })
  })

  it('survives the way to a client of responses and back', () => {
    const { output } = openaiResponses.encode(response) as { output: unknown }
    const { request } = openaiResponses.parse({ ...responsesBody, input: output })
    expect(request.messages.at(-1)).toEqual({ role: 'assistant', content: response.content })
  })

  it('is not made of what somebody else wrote', () => {
    for (const signature of [
      'atelier1.',
      'atelier1.!!',
      `atelier1.${Buffer.from('[1]').toString('base64url')}`,
    ]) {
      const content = [{ type: 'thinking', thinking: '', signature }]
      const { request } = anthropicMessages.parse({
        ...messagesBody,
        messages: [{ role: 'assistant', content }],
      })
      expect(request.messages.at(-1)).toMatchObject({
        content: [{ providerData: { anthropic: { signature } } }],
      })
    }
  })
})

describe('tools that take free text', () => {
  const custom = { type: 'custom', name: 'patch', description: 'Applies.', format: { type: 'text' } }
  const call = { kind: 'tool-call', id: 'call_1', tool: 'patch', input: '{"input":"*** Begin"}' } as const
  const response: ModelResponse = {
    content: [call],
    finish: 'tool-calls',
    usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, source: 'provider' },
    cost: null,
    provenance: {
      model: 'm',
      version: '',
      provider: '',
      endpoint: '',
      route: '',
      failedBefore: [],
      cached: false,
    },
  }

  it('are offered as tools with one text, and their calls are written as the client wants them', () => {
    const { request, answering } = openaiResponses.parse({ ...responsesBody, tools: [custom] })
    expect(request.tools).toMatchObject([{ name: 'patch', input: { required: ['input'] } }])
    const { output } = openaiResponses.encode(response, answering) as { output: unknown[] }
    expect(output).toMatchObject([{ type: 'custom_tool_call', name: 'patch', input: '*** Begin' }])
    const encoder = openaiResponses.streamEncoder(answering)
    const text =
      encoder.push({ kind: 'tool-call-started', id: call.id, tool: call.tool }) +
      encoder.push({ kind: 'tool-call-input', id: call.id, text: call.input }) +
      encoder.push({ kind: 'tool-call-ended', id: call.id }) +
      encoder.push({ kind: 'finished', response })
    const reader = openaiResponses.relay.reader({ stream: true })
    reader.push(Buffer.from(text))
    expect(reader.end().content).toMatchObject([{ kind: 'tool-call', tool: 'patch', input: '*** Begin' }])
    const again = openaiResponses.parse({ ...responsesBody, tools: [custom], input: output })
    expect(again.request.messages.at(-1)).toEqual({ role: 'assistant', content: [call] })
  })
})
