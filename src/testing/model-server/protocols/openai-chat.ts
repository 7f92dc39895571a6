import { z } from 'zod'
import { piecesOf } from '../answer.ts'
import type { Answer, AnswerPart, ClaimedUsage } from '../answer.ts'
import { turnsOf } from '../conversation.ts'
import type { Conversation, Message } from '../conversation.ts'
import { eventOf } from './protocol.ts'
import type { AnswerHead, Protocol } from './protocol.ts'
import { contentText, readBody } from './reading.ts'

const toolCallSchema = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }).optional(),
  custom: z.looseObject({ name: z.string(), input: z.string() }).optional(),
})

const messageSchema = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: contentText.optional(),
  tool_calls: z.array(toolCallSchema).nullish(),
  tool_call_id: z.string().optional(),
})

const toolSchema = z.looseObject({
  function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }).optional(),
  custom: z.looseObject({ name: z.string() }).optional(),
})

const requestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(messageSchema).min(1),
  tools: z.array(toolSchema).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.number().nullish(),
})

/** `POST /v1/chat/completions` (OpenAI API reference, "Chat Completions"). */
export const openaiChat: Protocol = {
  name: 'openai-chat',
  read: (body) => {
    const request = readBody(requestSchema, body)
    return {
      protocol: 'openai-chat',
      model: request.model,
      stream: request.stream ?? false,
      streamsUsage: request.stream_options?.include_usage ?? false,
      ...turnsOf(request.messages.map(messageOf)),
      tools: (request.tools ?? []).map(({ function: one, custom }) => ({
        name: one?.name ?? custom?.name ?? '',
        schema: one?.parameters,
      })),
      maxOutputTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    }
  },
  whole: (answer, head) => ({
    ...envelope('chat.completion', head),
    choices: [{ index: 0, message: messageFrom(answer), logprobs: null, finish_reason: finishOf(answer) }],
    ...(answer.usage && { usage: usageOf(answer.usage) }),
  }),
  stream,
  failure,
  failureEvent: (type, message) => eventOf(failure(type, message)),
  malformed: {
    whole: { object: 'chat.completion', choices: 'none', result: { words: 3 } },
    event: eventOf({ object: 'chat.completion.chunk', choices: [{ index: 'first', delta: 7 }] }),
  },
}

function messageOf(message: z.infer<typeof messageSchema>): Message {
  const { role, content: text = '', tool_calls: calls, tool_call_id: id = '' } = message
  if (role === 'system' || role === 'developer') return { role: 'system', text }
  if (role === 'tool' || role === 'function') return { role: 'user', results: [{ id, text }] }
  if (role === 'user') return { role, text }
  return {
    role,
    text,
    calls: (calls ?? []).map(({ id: callId, function: one, custom }) => ({
      id: callId,
      tool: one?.name ?? custom?.name ?? '',
      input: one?.arguments ?? custom?.input ?? '',
    })),
  }
}

function envelope(object: string, { id, model, created }: AnswerHead) {
  return { id: `chatcmpl-${id}`, object, created, model, system_fingerprint: 'scripted' }
}

function textOf({ parts }: Answer, kind: 'text' | 'reasoning'): string {
  return parts.map((part) => (part.kind === kind ? part.text : '')).join('')
}

function callsOf({ parts }: Answer) {
  return parts.filter((part): part is Extract<AnswerPart, { kind: 'call' }> => part.kind === 'call')
}

function messageFrom(answer: Answer) {
  const calls = callsOf(answer)
  const reasoning = textOf(answer, 'reasoning')
  return {
    role: 'assistant',
    content: textOf(answer, 'text') || null,
    refusal: null,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, tool, input }) => ({
        id,
        type: 'function',
        function: { name: tool, arguments: input },
      })),
    }),
  }
}

function* stream(answer: Answer, head: AnswerHead, { streamsUsage }: Conversation): Generator<string> {
  const common = envelope('chat.completion.chunk', head)
  const chunk = (delta: unknown, finish: string | null = null): string =>
    eventOf({ ...common, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })
  yield chunk({ role: 'assistant', content: '' })
  for (const piece of piecesOf(textOf(answer, 'reasoning'))) yield chunk({ reasoning_content: piece })
  for (const piece of piecesOf(textOf(answer, 'text'))) yield chunk({ content: piece })
  for (const [index, { id, tool, input }] of callsOf(answer).entries()) {
    yield chunk({ tool_calls: [{ index, id, type: 'function', function: { name: tool, arguments: '' } }] })
    for (const piece of piecesOf(input))
      yield chunk({ tool_calls: [{ index, function: { arguments: piece } }] })
  }
  yield chunk({}, finishOf(answer))
  if (streamsUsage && answer.usage) yield eventOf({ ...common, choices: [], usage: usageOf(answer.usage) })
  yield 'data: [DONE]\n\n'
}

function finishOf({ finish }: Answer): string {
  return finish.replace('-', '_')
}

function usageOf({ input, output, cacheRead, reasoning }: ClaimedUsage) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cacheRead },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
}

function failure(type: string, message: string) {
  return { error: { message, type, param: null, code: type } }
}
