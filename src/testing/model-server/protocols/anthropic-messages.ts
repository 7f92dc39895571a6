import { z } from 'zod'
import { piecesOf } from '../answer.ts'
import type { Answer, AnswerPart, ClaimedUsage } from '../answer.ts'
import { joinText, turnsOf } from '../conversation.ts'
import type { Message } from '../conversation.ts'
import { eventOf } from './protocol.ts'
import type { AnswerHead, Protocol } from './protocol.ts'
import { contentText, inputOf, readBody } from './reading.ts'

const blockSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional(),
  content: z.unknown().optional(),
})

const messageSchema = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(blockSchema)]),
})

const requestSchema = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.number().int().positive().optional(),
  system: contentText.optional(),
  messages: z.array(messageSchema).min(1),
  tools: z.array(z.looseObject({ name: z.string(), input_schema: z.unknown().optional() })).nullish(),
  stream: z.boolean().nullish(),
})

/** `POST /v1/messages` (Anthropic API reference, "Messages"). */
export const anthropicMessages: Protocol = {
  name: 'anthropic-messages',
  read: (body) => {
    const request = readBody(requestSchema, body)
    const { system, turns } = turnsOf(request.messages.map(messageOf))
    return {
      protocol: 'anthropic-messages',
      model: request.model,
      stream: request.stream ?? false,
      streamsUsage: true,
      system: joinText([request.system ?? '', system]),
      turns,
      tools: (request.tools ?? []).map(({ name, input_schema: schema }) => ({ name, schema })),
      maxOutputTokens: request.max_tokens,
    }
  },
  whole: (answer, head) => ({
    ...envelope(head),
    content: answer.parts.map(blockOf),
    stop_reason: stopReasonOf(answer),
    stop_sequence: null,
    ...(answer.usage && { usage: usageOf(answer.usage) }),
  }),
  stream,
  failure,
  failureEvent: (type, message) => eventOf(failure(type, message), 'error'),
  malformed: {
    whole: { type: 'message', content: 'none', result: { words: 3 } },
    event: eventOf({ type: 'content_block_delta', index: 'first', delta: 7 }, 'content_block_delta'),
  },
}

function messageOf({ role, content }: z.infer<typeof messageSchema>): Message {
  if (typeof content === 'string') return { role, text: content }
  return {
    role,
    text: joinText(content.filter(({ type }) => type === 'text').map(({ text = '' }) => text)),
    calls: content
      .filter(({ type }) => type === 'tool_use')
      .map(({ id = '', name = '', input }) => ({ id, tool: name, input: JSON.stringify(input ?? {}) })),
    results: content
      .filter(({ type }) => type === 'tool_result')
      .map(({ tool_use_id: id = '', content: result }) => ({
        id,
        text: contentText.catch('').parse(result),
      })),
  }
}

function envelope({ id, model }: AnswerHead) {
  return { id: `msg_${id}`, type: 'message', role: 'assistant', model }
}

const scriptedSignature = 'c2NyaXB0ZWQ='

function blockOf(part: AnswerPart) {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'reasoning':
      return { type: 'thinking', thinking: part.text, signature: scriptedSignature }
    case 'call':
      return { type: 'tool_use', id: part.id, name: part.tool, input: inputOf(part.input) }
  }
}

function* stream(answer: Answer, head: AnswerHead): Generator<string> {
  const { usage } = answer
  yield event('message_start', {
    message: {
      ...envelope(head),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      ...(usage && { usage: { ...usageOf(usage), output_tokens: 1 } }),
    },
  })
  yield event('ping', {})
  for (const [index, part] of answer.parts.entries()) {
    yield event('content_block_start', { index, content_block: emptyBlock(part) })
    for (const delta of deltasOf(part)) yield event('content_block_delta', { index, delta })
    yield event('content_block_stop', { index })
  }
  yield event('message_delta', {
    delta: { stop_reason: stopReasonOf(answer), stop_sequence: null },
    ...(usage && { usage: { output_tokens: usage.output } }),
  })
  yield event('message_stop', {})
}

function event(type: string, data: object): string {
  return eventOf({ type, ...data }, type)
}

function emptyBlock(part: AnswerPart) {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: '' }
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'call':
      return { type: 'tool_use', id: part.id, name: part.tool, input: {} }
  }
}

function* deltasOf(part: AnswerPart) {
  if (part.kind === 'text') for (const text of piecesOf(part.text)) yield { type: 'text_delta', text }
  else if (part.kind === 'call')
    for (const piece of piecesOf(part.input)) yield { type: 'input_json_delta', partial_json: piece }
  else {
    for (const thinking of piecesOf(part.text)) yield { type: 'thinking_delta', thinking }
    yield { type: 'signature_delta', signature: scriptedSignature }
  }
}

const stopReasons = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
} as const

function stopReasonOf({ finish }: Answer): string {
  return stopReasons[finish]
}

/** Anthropic counts what was read from and written to its cache apart from the rest of the input. */
function usageOf({ input, output, cacheRead, cacheWrite }: ClaimedUsage) {
  return {
    input_tokens: input - cacheRead - cacheWrite,
    output_tokens: output,
    cache_read_input_tokens: cacheRead,
    cache_creation_input_tokens: cacheWrite,
  }
}

const anthropicTypes: Readonly<Record<string, string>> = { context_length_exceeded: 'invalid_request_error' }

function failure(type: string, message: string) {
  return { type: 'error', error: { type: anthropicTypes[type] ?? type, message }, request_id: 'req_scripted' }
}
