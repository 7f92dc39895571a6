import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelEvent, ModelResponse } from '../../../contracts/index.ts'
import { AtelierError } from '../../../kernel/index.ts'
import { longestEvent } from './event-stream.ts'
import { anthropicMessages, openaiChat, openaiResponses } from './index.ts'
import type { Protocol, RelayReading } from './index.ts'

type Part = ModelResponse['content'][number]

const provenance: ModelResponse['provenance'] = {
  model: 'small',
  version: 'small-2026',
  provider: 'test',
  endpoint: 'http://127.0.0.1',
  route: 'small',
  failedBefore: [],
  cached: false,
}

const texts = fc.string({
  minLength: 1,
  maxLength: 30,
  unit: fc.constantFrom('a', ' ', 'é', '😀', '\n', '\r', '"', 'data:', '\u2028'),
})

const parts: fc.Arbitrary<Part> = fc.oneof(
  texts.map((text): Part => ({ kind: 'text', text })),
  texts.map((text): Part => ({ kind: 'reasoning', text })),
  fc
    .record({ tool: fc.constantFrom('read', 'edit'), value: texts })
    .map(({ tool, value }): Part => ({ kind: 'tool-call', id: '', tool, input: JSON.stringify({ value }) })),
)

const responses: fc.Arbitrary<ModelResponse> = fc
  .record({
    content: fc.array(parts, { minLength: 1, maxLength: 6 }),
    cut: fc.constantFrom('no', 'length', 'content-filter'),
    fresh: fc.integer({ min: 1, max: 1000 }),
    cacheRead: fc.nat(1000),
    output: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ content, cut, fresh, cacheRead, output }) => {
    const numbered = content
      // Two texts in a row are one to every protocol.
      .filter((part, index) => part.kind === 'tool-call' || part.kind !== content[index - 1]?.kind)
      .map((part, index) => (part.kind === 'tool-call' ? { ...part, id: `call_${index}` } : part))
    const called = numbered.some(({ kind }) => kind === 'tool-call')
    return {
      content: numbered,
      finish: cut !== 'no' ? cut : called ? 'tool-calls' : 'stop',
      usage: { input: fresh + cacheRead, output, cacheRead, cacheWrite: 0, reasoning: 0, source: 'provider' },
      cost: null,
      provenance,
    } satisfies ModelResponse
  })

/** The pieces in which a provider would send the answer. */
function eventsOf(response: ModelResponse): ModelEvent[] {
  const halves = (text: string): string[] => {
    const characters = Array.from(text)
    const middle = Math.ceil(characters.length / 2)
    return [characters.slice(0, middle).join(''), characters.slice(middle).join('')].filter(
      (half) => half !== '',
    )
  }
  return [
    ...response.content.flatMap((part): ModelEvent[] => {
      if (part.kind !== 'tool-call') return halves(part.text).map((text) => ({ kind: part.kind, text }))
      return [
        { kind: 'tool-call-started', id: part.id, tool: part.tool },
        ...halves(part.input).map((text): ModelEvent => ({ kind: 'tool-call-input', id: part.id, text })),
        { kind: 'tool-call-ended', id: part.id },
      ]
    }),
    { kind: 'finished', response },
  ]
}

function streamOf(protocol: Protocol, response: ModelResponse, events = eventsOf(response)): string {
  const encoder = protocol.streamEncoder({ includeUsage: true, model: 'small' })
  return events.map((event) => encoder.push(event)).join('')
}

function read(
  protocol: Protocol,
  stream: boolean,
  chunks: readonly Uint8Array[],
  body?: unknown,
): RelayReading {
  const reader = protocol.relay.reader({ stream, body })
  for (const chunk of chunks) {
    // A buffer that its owner uses again.
    const lent = Uint8Array.from(chunk)
    reader.push(lent)
    lent.fill(0)
  }
  return reader.end()
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => Math.min(place, bytes.length)))].sort((a, b) => a - b)
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length))
}

/** What of an answer the protocol keeps apart: chat knows one text, one reasoning and a list of calls. */
function kept(protocol: Protocol, content: ModelResponse['content']): unknown {
  if (protocol.name !== 'openai-chat') return content
  const joined = (kind: 'text' | 'reasoning'): string =>
    content.map((part) => (part.kind === kind ? part.text : '')).join('')
  return [joined('reasoning'), joined('text'), content.filter(({ kind }) => kind === 'tool-call')]
}

const failure = new AtelierError(
  { code: 'ATL_MODEL_CUT_OFF', summary: 'The answer was cut off', remedy: 'Try again.', retryable: true },
  { details: { retryAfterMs: 1500 } },
)

describe.each([openaiChat, openaiResponses, anthropicMessages])('$name', (protocol) => {
  it('reads what it writes, streamed, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        responses,
        fc.array(fc.nat(6000), { maxLength: 40 }),
        fc.boolean(),
        (response, places, returns) => {
          const text = streamOf(protocol, response)
          const bytes = Buffer.from(returns ? text.replaceAll('\n', '\r\n') : text)
          const reading = read(protocol, true, cut(bytes, places))
          expect(reading).toMatchObject({ finish: response.finish, usage: response.usage, complete: true })
          expect(kept(protocol, reading.content)).toEqual(kept(protocol, response.content))
          expect(reading).toEqual(read(protocol, true, [bytes]))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('reads what it writes, whole', () => {
    fc.assert(
      fc.property(responses, fc.array(fc.nat(3000), { maxLength: 10 }), (response, places) => {
        const bytes = Buffer.from(JSON.stringify(protocol.encode(response)))
        const reading = read(protocol, false, cut(bytes, places))
        expect(reading).toMatchObject({
          finish: response.finish,
          usage: response.usage,
          complete: true,
          version: 'small',
        })
        expect(kept(protocol, reading.content)).toEqual(kept(protocol, response.content))
      }),
      { numRuns: 150 },
    )
  })

  it('writes an answer from the record as if it had come in pieces', () => {
    fc.assert(
      fc.property(responses, (response) => {
        const bytes = Buffer.from(streamOf(protocol, response, [{ kind: 'finished', response }]))
        const reading = read(protocol, true, [bytes])
        const calls = (content: ModelResponse['content']): unknown =>
          content.filter(({ kind }) => kind === 'tool-call')
        expect(reading.complete).toBe(true)
        expect(calls(reading.content)).toEqual(calls(response.content))
      }),
      { numRuns: 50 },
    )
  })

  it('knows a stream that was cut off, and keeps what had come', () => {
    fc.assert(
      fc.property(responses, fc.double({ min: 0, max: 0.999, noNaN: true }), (response, share) => {
        const events = eventsOf(response).slice(0, -1)
        const text = streamOf(protocol, response, events.slice(0, Math.floor(events.length * share)))
        const reading = read(protocol, true, [Buffer.from(text)])
        expect(reading.complete).toBe(false)
        expect(reading.usage).toBeUndefined()
      }),
      { numRuns: 50 },
    )
  })

  it('reads an error in the stream', () => {
    const encoder = protocol.streamEncoder()
    const text = encoder.push({ kind: 'text', text: 'half of' }) + encoder.fail(failure)
    const reading = read(protocol, true, [Buffer.from(text)])
    expect(reading).toMatchObject({
      complete: false,
      finish: 'error',
      content: [{ kind: 'text', text: 'half of' }],
    })
    expect(reading.error?.message).toContain('ATL_MODEL_CUT_OFF')
  })

  it('tells an error with its status, its code and when to try again', () => {
    const { status, headers, body } = protocol.encodeError(failure)
    expect(status).toBe(502)
    expect(headers).toEqual({
      'x-atelier-code': 'ATL_MODEL_CUT_OFF',
      'x-should-retry': 'true',
      'retry-after': '2',
      'retry-after-ms': '1500',
    })
    expect(body).toMatchObject({ error: { atelier: { code: 'ATL_MODEL_CUT_OFF', retryable: true } } })
  })

  it('survives bytes of any kind', () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json({ maxDepth: 4 }).map((json) => Buffer.from(`data: ${json}\n\n`)),
      fc
        .constantFrom(
          'data: [DONE]\n\n',
          'data:\n\n',
          'event: x\n',
          ':\n',
          '\uFEFF',
          'data: {"choices":[null,{}]}\n\n',
          'data: {"type":"content_block_delta","delta":7}\n\n',
          'data: {"type":"response.completed"}\n\n',
        )
        .map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 10 }), fc.boolean(), (chunks, stream) => {
        const reading = read(protocol, stream, chunks)
        expect(Array.isArray(reading.content)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('refuses bodies of any kind with a code, or takes them', () => {
    const anything = fc.oneof(
      fc.json({ maxDepth: 5 }).map((json) => JSON.parse(json) as unknown),
      fc.record({
        model: fc.constantFrom('small', '', 7),
        messages: fc.array(
          fc.oneof(
            fc.record({
              role: fc.constantFrom('user', 'assistant', 'tool', 'system'),
              content: fc.anything(),
            }),
            fc.anything(),
          ),
        ),
        input: fc.anything(),
        max_tokens: fc.anything(),
        tools: fc.anything(),
      }),
    )
    fc.assert(
      fc.property(anything, (body) => {
        try {
          protocol.parse(body)
        } catch (error) {
          expect((error as AtelierError).code).toMatch(/^ATL_PROTOCOL_/)
          expect((error as AtelierError).message.length).toBeLessThan(2000)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('holds nothing of a line that never ends', () => {
    const reader = protocol.relay.reader({ stream: true })
    const chunk = Buffer.alloc(1024 * 1024, 'a')
    const before = process.memoryUsage().arrayBuffers
    for (let length = 0; length < 4 * longestEvent; length += chunk.length) reader.push(chunk)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * longestEvent)
    expect(reader.end()).toMatchObject({ content: [], complete: false })
  })

  it.each([
    { input: 10, output: 0 },
    { input: -1, output: 5 },
    { input: 1.5, output: 5 },
    { input: 10, output: 1e12 },
    { input: 0, output: 5 },
    { input: 'many', output: 5 },
    { input: null, output: null },
  ])('does not believe $input tokens in and $output out', ({ input, output }) => {
    const response = { ...sample, usage: { ...sample.usage, input, output, cacheRead: 0 } } as ModelResponse
    const text = JSON.stringify(protocol.encode(response))
    const reading = read(protocol, false, [Buffer.from(text)])
    expect(reading).toMatchObject({ usage: undefined, complete: true })
  })

  it('prepares a body for another model and leaves the rest as it is', () => {
    const body = {
      model: 'route',
      messages: [{ role: 'user', content: 'x' }],
      unknown_field: { a: [1] },
      stream: true,
    }
    const before = structuredClone(body)
    expect(protocol.relay.prepare(body, 'real')).toMatchObject({ ...body, model: 'real' })
    expect(body).toEqual(before)
    expect(protocol.relay.prepare(null, 'real')).toBe(null)
  })
})

const sample: ModelResponse = {
  content: [{ kind: 'text', text: 'hello' }],
  finish: 'stop',
  usage: { input: 10, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0, source: 'provider' },
  cost: 12,
  provenance,
}

describe('usage that the caller did not ask for', () => {
  it('is read and kept from the caller, however the bytes are cut', () => {
    fc.assert(
      fc.property(responses, fc.array(fc.nat(6000), { maxLength: 30 }), (response, places) => {
        const withUsage = Buffer.from(streamOf(openaiChat, response))
        const encoder = openaiChat.relay.reader({ stream: true, body: { stream: true } })
        const passed = cut(withUsage, places).map((chunk) =>
          Buffer.from(encoder.push(chunk)).toString('latin1'),
        )
        const reading = encoder.end()
        const text = Buffer.from(
          passed.join('') + Buffer.from(reading.rest).toString('latin1'),
          'latin1',
        ).toString()
        expect(reading.usage).toEqual(response.usage)
        expect(text).not.toContain('"choices":[]')
        expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
        expect(withUsage.toString().startsWith(text.slice(0, -'data: [DONE]\n\n'.length))).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('is passed on to a caller who did', () => {
    const bytes = Buffer.from(streamOf(openaiChat, sample))
    const body = { stream: true, stream_options: { include_usage: true } }
    const reader = openaiChat.relay.reader({ stream: true, body })
    expect(Buffer.from(reader.push(bytes)).equals(bytes)).toBe(true)
  })
})
