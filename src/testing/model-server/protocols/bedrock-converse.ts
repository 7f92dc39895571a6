import { z } from 'zod'
import { piecesOf } from '../answer.ts'
import type { Answer, AnswerPart, ClaimedUsage } from '../answer.ts'
import { joinText, turnsOf } from '../conversation.ts'
import type { Message } from '../conversation.ts'
import { frameOf } from './event-frames.ts'
import type { Protocol } from './protocol.ts'
import { inputOf, readBody } from './reading.ts'

const blockSchema = z.looseObject({
  text: z.string().optional(),
  toolUse: z
    .looseObject({ toolUseId: z.string(), name: z.string(), input: z.unknown().optional() })
    .optional(),
  toolResult: z
    .looseObject({
      toolUseId: z.string(),
      content: z.array(z.looseObject({ text: z.string().optional(), json: z.unknown().optional() })),
    })
    .optional(),
})

const messageSchema = z.looseObject({ role: z.enum(['user', 'assistant']), content: z.array(blockSchema) })

const toolSchema = z.looseObject({
  toolSpec: z
    .looseObject({
      name: z.string(),
      inputSchema: z.looseObject({ json: z.unknown().optional() }).optional(),
    })
    .optional(),
})

const requestSchema = z.looseObject({
  messages: z.array(messageSchema).min(1),
  system: z.array(z.looseObject({ text: z.string().optional() })).optional(),
  toolConfig: z.looseObject({ tools: z.array(toolSchema).optional() }).optional(),
  inferenceConfig: z.looseObject({ maxTokens: z.number().optional() }).optional(),
})

/** `POST /model/{model}/converse` and `…/converse-stream` (Amazon Bedrock API reference, "Converse"). */
export const bedrockConverse: Protocol = {
  name: 'bedrock-converse',
  read: (body, { model = '', stream: streams = false }) => {
    const request = readBody(requestSchema, body)
    const { system, turns } = turnsOf(request.messages.map(messageOf))
    return {
      protocol: 'bedrock-converse',
      model,
      stream: streams,
      streamsUsage: true,
      system: joinText([...(request.system ?? []).map(({ text = '' }) => text), system]),
      turns,
      tools: (request.toolConfig?.tools ?? []).flatMap(({ toolSpec: spec }) =>
        spec === undefined ? [] : [{ name: spec.name, schema: spec.inputSchema?.json }],
      ),
      maxOutputTokens: request.inferenceConfig?.maxTokens,
    }
  },
  whole: (answer) => ({
    output: { message: { role: 'assistant', content: answer.parts.map(blockOf) } },
    stopReason: stopReasons[answer.finish],
    ...(answer.usage && { usage: usageOf(answer.usage) }),
    metrics: { latencyMs: 1 },
  }),
  stream,
  failure: (_type, message) => ({ message }),
  failureEvent: (type, message) => event(exceptions[type] ?? 'internalServerException', { message }),
  framing: { contentType: 'application/vnd.amazon.eventstream', frame: frameOf },
  malformed: {
    whole: { output: 'none', result: { words: 3 } },
    event: event('contentBlockDelta', { contentBlockIndex: 'first', delta: 7 }),
  },
}

function messageOf({ role, content }: z.infer<typeof messageSchema>): Message {
  return {
    role,
    text: joinText(content.map(({ text = '' }) => text)),
    calls: content.flatMap(({ toolUse: call }) =>
      call === undefined
        ? []
        : [{ id: call.toolUseId, tool: call.name, input: JSON.stringify(call.input ?? {}) }],
    ),
    results: content.flatMap(({ toolResult: result }) =>
      result === undefined
        ? []
        : [
            {
              id: result.toolUseId,
              text: joinText(result.content.map(({ text, json }) => text ?? JSON.stringify(json ?? null))),
            },
          ],
    ),
  }
}

function blockOf(part: AnswerPart) {
  switch (part.kind) {
    case 'text':
      return { text: part.text }
    case 'reasoning':
      return { reasoningContent: { reasoningText: { text: part.text } } }
    case 'call':
      return { toolUse: { toolUseId: part.id, name: part.tool, input: inputOf(part.input) } }
  }
}

function* stream(answer: Answer): Generator<string> {
  yield event('messageStart', { role: 'assistant' })
  for (const [contentBlockIndex, part] of answer.parts.entries()) {
    if (part.kind === 'call')
      yield event('contentBlockStart', {
        contentBlockIndex,
        start: { toolUse: { toolUseId: part.id, name: part.tool } },
      })
    for (const delta of deltasOf(part)) yield event('contentBlockDelta', { contentBlockIndex, delta })
    yield event('contentBlockStop', { contentBlockIndex })
  }
  yield event('messageStop', { stopReason: stopReasons[answer.finish] })
  yield event('metadata', {
    ...(answer.usage && { usage: usageOf(answer.usage) }),
    metrics: { latencyMs: 1 },
  })
}

function* deltasOf(part: AnswerPart) {
  if (part.kind === 'call') for (const input of piecesOf(part.input)) yield { toolUse: { input } }
  else
    for (const text of piecesOf(part.text))
      yield part.kind === 'text' ? { text } : { reasoningContent: { text } }
}

/** Name and content of an event, for `frameOf`. */
function event(name: string, data: object): string {
  return `${name} ${JSON.stringify(data)}`
}

const stopReasons = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'content_filtered',
} as const

const exceptions: Readonly<Record<string, string>> = {
  invalid_request_error: 'validationException',
  rate_limit_error: 'throttlingException',
  overloaded_error: 'serviceUnavailableException',
}

/** Bedrock counts what was read from and written to its cache apart from the rest of the input. */
function usageOf({ input, output, cacheRead, cacheWrite }: ClaimedUsage) {
  return {
    inputTokens: input - cacheRead - cacheWrite,
    outputTokens: output,
    totalTokens: input + output,
    cacheReadInputTokens: cacheRead,
    cacheWriteInputTokens: cacheWrite,
  }
}
