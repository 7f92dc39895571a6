import { z } from 'zod'
import { piecesOf } from '../answer.ts'
import type { Answer, AnswerPart, ClaimedUsage } from '../answer.ts'
import { joinText, turnsOf } from '../conversation.ts'
import type { Conversation, Message } from '../conversation.ts'
import { eventOf } from './protocol.ts'
import type { AnswerHead, Protocol } from './protocol.ts'
import { contentText, readBody } from './reading.ts'

const itemSchema = z.looseObject({
  type: z.string().default('message'),
  role: z.enum(['system', 'developer', 'user', 'assistant']).optional(),
  content: contentText.optional().catch(''),
  call_id: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
  input: z.string().optional(),
  output: contentText.optional().catch(''),
})

const requestSchema = z.looseObject({
  model: z.string().min(1),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(itemSchema)]),
  tools: z
    .array(
      z.looseObject({ type: z.string(), name: z.string().optional(), parameters: z.unknown().optional() }),
    )
    .nullish(),
  stream: z.boolean().nullish(),
  max_output_tokens: z.number().nullish(),
})

/** `POST /v1/responses` (OpenAI API reference, "Responses"). */
export const openaiResponses: Protocol = {
  name: 'openai-responses',
  read: (body) => {
    const request = readBody(requestSchema, body)
    const { input } = request
    const messages =
      typeof input === 'string' ? [{ role: 'user' as const, text: input }] : input.flatMap(messageOf)
    const { system, turns } = turnsOf(messages)
    return {
      protocol: 'openai-responses',
      model: request.model,
      stream: request.stream ?? false,
      streamsUsage: true,
      system: joinText([request.instructions ?? '', system]),
      turns,
      tools: (request.tools ?? []).map(({ type, name = type, parameters }) => ({ name, schema: parameters })),
      maxOutputTokens: request.max_output_tokens ?? undefined,
    }
  },
  whole: (answer, head, conversation) => responseOf(answer, head, itemsOf(answer, head, conversation)),
  stream,
  failure,
  failureEvent: (type, message) =>
    eventOf({ type: 'error', sequence_number: 0, code: type, message, param: null }, 'error'),
  malformed: {
    whole: { object: 'response', output: 'none', result: { words: 3 } },
    event: eventOf(
      { type: 'response.output_text.delta', output_index: 'first', delta: 7 },
      'response.output_text.delta',
    ),
  },
}

function messageOf(item: z.infer<typeof itemSchema>): readonly Message[] {
  const { type, role = 'user', content: text = '', call_id: id = '', name: tool = '' } = item
  switch (type) {
    case 'message':
      return [{ role: role === 'developer' ? 'system' : role, text }]
    case 'function_call':
    case 'custom_tool_call':
      return [{ role: 'assistant', calls: [{ id, tool, input: item.arguments ?? item.input ?? '' }] }]
    case 'function_call_output':
    case 'custom_tool_call_output':
      return [{ role: 'user', results: [{ id, text: item.output ?? '' }] }]
    default:
      return []
  }
}

type Item = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }

/** The items of an answer, complete. */
function itemsOf({ parts }: Answer, { id }: AnswerHead, conversation: Conversation): readonly Item[] {
  return parts.map((part, index) => itemOf(part, `${id}_${index}`, conversation))
}

function itemOf(part: AnswerPart, id: string, { tools }: Conversation): Item {
  switch (part.kind) {
    case 'text':
      return {
        id: `msg_${id}`,
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', annotations: [], logprobs: [], text: part.text }],
      }
    case 'reasoning':
      return { id: `rs_${id}`, type: 'reasoning', summary: [{ type: 'summary_text', text: part.text }] }
    case 'call': {
      const call = { call_id: part.id, name: part.tool, status: 'completed' }
      const offered = tools.find(({ name }) => name === part.tool)
      return offered !== undefined && offered.schema === undefined
        ? { id: `ctc_${id}`, type: 'custom_tool_call', ...call, input: part.input }
        : { id: `fc_${id}`, type: 'function_call', ...call, arguments: part.input }
    }
  }
}

function responseOf(answer: Answer, { id, model, created }: AnswerHead, output: readonly Item[]) {
  const cut = answer.finish === 'length' || answer.finish === 'content-filter'
  const reason = answer.finish === 'length' ? 'max_output_tokens' : 'content_filter'
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: created,
    status: cut ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: cut ? { reason } : null,
    instructions: null,
    metadata: {},
    model,
    output,
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    ...(answer.usage && { usage: usageOf(answer.usage) }),
  }
}

function usageOf({ input, output, cacheRead, reasoning }: ClaimedUsage) {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheRead },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  }
}

function* stream(answer: Answer, head: AnswerHead, conversation: Conversation): Generator<string> {
  let number = 0
  const event = (type: string, data: object): string =>
    eventOf({ type, sequence_number: number++, ...data }, type)
  const items = itemsOf(answer, head, conversation)
  const begun = {
    ...responseOf({ ...answer, usage: undefined }, head, []),
    status: 'in_progress',
    incomplete_details: null,
  }
  yield event('response.created', { response: begun })
  yield event('response.in_progress', { response: begun })
  for (const [output_index, item] of items.entries()) {
    const part = answer.parts[output_index]
    yield event('response.output_item.added', { output_index, item: emptied(item) })
    if (part)
      for (const [type, data] of progressOf(part, item))
        yield event(type, { output_index, item_id: item.id, ...data })
    yield event('response.output_item.done', { output_index, item })
  }
  const response = responseOf(answer, head, items)
  yield event(response.status === 'completed' ? 'response.completed' : 'response.incomplete', { response })
}

function emptied(item: Item): Item {
  const empty = { message: { content: [] }, reasoning: { summary: [] }, function_call: { arguments: '' } }
  const rest = item.type in empty ? empty[item.type as keyof typeof empty] : { input: '' }
  return { ...item, ...(item.type !== 'reasoning' && { status: 'in_progress' }), ...rest }
}

/** What happens between the beginning and the end of an item. */
function* progressOf(part: AnswerPart, { type: kind }: Item): Generator<readonly [string, object]> {
  if (part.kind === 'text') {
    const empty = { type: 'output_text', annotations: [], logprobs: [], text: '' }
    const at = { content_index: 0 }
    yield ['response.content_part.added', { ...at, part: empty }]
    for (const delta of piecesOf(part.text))
      yield ['response.output_text.delta', { ...at, delta, logprobs: [] }]
    yield ['response.output_text.done', { ...at, text: part.text, logprobs: [] }]
    yield ['response.content_part.done', { ...at, part: { ...empty, text: part.text } }]
  } else if (part.kind === 'reasoning') {
    const at = { summary_index: 0 }
    yield ['response.reasoning_summary_part.added', { ...at, part: { type: 'summary_text', text: '' } }]
    for (const delta of piecesOf(part.text)) yield ['response.reasoning_summary_text.delta', { ...at, delta }]
    yield ['response.reasoning_summary_text.done', { ...at, text: part.text }]
    yield ['response.reasoning_summary_part.done', { ...at, part: { type: 'summary_text', text: part.text } }]
  } else {
    const custom = kind === 'custom_tool_call'
    const type = custom ? 'response.custom_tool_call_input' : 'response.function_call_arguments'
    for (const delta of piecesOf(part.input)) yield [`${type}.delta`, { delta }]
    yield [`${type}.done`, custom ? { input: part.input } : { name: part.tool, arguments: part.input }]
  }
}

function failure(type: string, message: string) {
  return { error: { message, type, param: null, code: type } }
}

const continuedSchema = z.looseObject({
  previous_response_id: z.string(),
  input: z.union([z.string(), z.array(z.unknown())]),
})

/** What was said so far, by the id of the answer, for callers that send only what is new. */
export class ResponseMemory {
  readonly #items = new Map<string, readonly unknown[]>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The body with the whole conversation in it; undefined when the answer it goes on from is not known (any more). */
  complete(body: unknown): unknown {
    const continued = continuedSchema.safeParse(body)
    if (!continued.success) return body
    const before = this.#items.get(continued.data.previous_response_id)
    return before && { ...continued.data, input: [...before, ...listOf(continued.data.input)] }
  }

  remember(body: unknown, response: { readonly id: string; readonly output: readonly unknown[] }): void {
    const { input } = z.looseObject({ input: z.union([z.string(), z.array(z.unknown())]) }).parse(body)
    this.#items.set(response.id, [...listOf(input), ...response.output])
    const [oldest] = this.#items.keys()
    if (this.#items.size > this.#capacity && oldest !== undefined) this.#items.delete(oldest)
  }
}

function listOf(input: string | readonly unknown[]): readonly unknown[] {
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input
}
