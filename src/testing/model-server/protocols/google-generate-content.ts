import { z } from 'zod'
import { piecesOf } from '../answer.ts'
import type { Answer, AnswerPart, ClaimedUsage } from '../answer.ts'
import { joinText, turnsOf } from '../conversation.ts'
import type { Message } from '../conversation.ts'
import { eventOf } from './protocol.ts'
import type { AnswerHead, Protocol } from './protocol.ts'
import { inputOf, readBody } from './reading.ts'

const partSchema = z.looseObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  functionCall: z
    .looseObject({ id: z.string().optional(), name: z.string(), args: z.unknown().optional() })
    .optional(),
  functionResponse: z
    .looseObject({ id: z.string().optional(), name: z.string(), response: z.unknown().optional() })
    .optional(),
})
type Part = z.infer<typeof partSchema>

const contentSchema = z.looseObject({
  role: z.enum(['user', 'model', 'function']).default('user'),
  parts: z.array(partSchema),
})

const requestSchema = z.looseObject({
  contents: z.array(contentSchema).min(1),
  systemInstruction: z.looseObject({ parts: z.array(partSchema) }).optional(),
  tools: z
    .array(
      z.looseObject({
        functionDeclarations: z
          .array(
            z.looseObject({
              name: z.string(),
              parameters: z.unknown().optional(),
              parametersJsonSchema: z.unknown().optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
  generationConfig: z.looseObject({ maxOutputTokens: z.number().optional() }).optional(),
})

/** `POST /v1beta/models/{model}:generateContent` (Gemini API reference, "Generating content"). */
export const googleGenerateContent: Protocol = {
  name: 'google-generate-content',
  read: (body, { model = '', stream: streams = false }) => {
    const request = readBody(requestSchema, body)
    const { system, turns } = turnsOf(request.contents.map(messageOf))
    return {
      protocol: 'google-generate-content',
      model,
      stream: streams,
      streamsUsage: true,
      system: joinText([textOf(request.systemInstruction?.parts ?? []), system]),
      turns,
      tools: (request.tools ?? [])
        .flatMap(({ functionDeclarations = [] }) => functionDeclarations)
        .map(({ name, parameters, parametersJsonSchema: schema = parameters }) => ({ name, schema })),
      maxOutputTokens: request.generationConfig?.maxOutputTokens,
    }
  },
  whole: (answer, head) => piece(head, answer.parts.map(partOf), answer),
  stream,
  failure,
  failureEvent: (type, message) => eventOf(failure(type, message)),
  malformed: {
    whole: { candidates: 'none', result: { words: 3 } },
    event: eventOf({ candidates: [{ content: 7 }] }),
  },
}

function messageOf({ role, parts }: z.infer<typeof contentSchema>): Message {
  return {
    role: role === 'model' ? 'assistant' : 'user',
    text: textOf(parts),
    // A call without a number of its own is known by its tool.
    calls: parts.flatMap(({ functionCall: call }) =>
      call === undefined
        ? []
        : [{ id: call.id ?? call.name, tool: call.name, input: JSON.stringify(call.args ?? {}) }],
    ),
    results: parts.flatMap(({ functionResponse: result }) =>
      result === undefined ? [] : [{ id: result.id ?? result.name, text: resultText(result.response) }],
    ),
  }
}

function textOf(parts: readonly Part[]): string {
  return joinText(parts.filter(({ thought }) => thought !== true).map(({ text = '' }) => text))
}

const outputSchema = z.looseObject({ content: z.string() })

function resultText(response: unknown): string {
  const output = outputSchema.safeParse(response)
  return output.success ? output.data.content : JSON.stringify(response ?? null)
}

function* stream(answer: Answer, head: AnswerHead): Generator<string> {
  for (const part of answer.parts) {
    if (part.kind === 'call') yield eventOf(piece(head, [partOf(part)]))
    else for (const text of piecesOf(part.text)) yield eventOf(piece(head, [partOf({ ...part, text })]))
  }
  yield eventOf(piece(head, [], answer))
}

/** Some of an answer; the end of it where the answer is given. */
function piece({ id, model }: AnswerHead, parts: readonly object[], ended?: Answer) {
  return {
    candidates: [
      {
        content: { role: 'model', parts },
        index: 0,
        ...(ended && { finishReason: finishReasons[ended.finish] }),
      },
    ],
    ...(ended?.usage && { usageMetadata: usageOf(ended.usage) }),
    modelVersion: model,
    responseId: id,
  }
}

function partOf(part: AnswerPart) {
  if (part.kind === 'call')
    return { functionCall: { id: part.id, name: part.tool, args: inputOf(part.input) } }
  return { text: part.text, ...(part.kind === 'reasoning' && { thought: true }) }
}

const finishReasons = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
} as const

/** Google counts thoughts apart from the rest of the output. */
function usageOf({ input, output, cacheRead, reasoning }: ClaimedUsage) {
  return {
    promptTokenCount: input,
    candidatesTokenCount: output - reasoning,
    totalTokenCount: input + output,
    cachedContentTokenCount: cacheRead,
    thoughtsTokenCount: reasoning,
  }
}

const statuses: Readonly<Record<string, readonly [code: number, status: string]>> = {
  invalid_request_error: [400, 'INVALID_ARGUMENT'],
  context_length_exceeded: [400, 'INVALID_ARGUMENT'],
  authentication_error: [401, 'UNAUTHENTICATED'],
  not_found_error: [404, 'NOT_FOUND'],
  rate_limit_error: [429, 'RESOURCE_EXHAUSTED'],
  overloaded_error: [503, 'UNAVAILABLE'],
}

function failure(type: string, message: string) {
  const [code, status] = statuses[type] ?? [500, 'INTERNAL']
  return { error: { code, message, status } }
}
