import { z } from 'zod'
import type { ModelMessage, ModelRequest, ModelTool } from '../../../../contracts/index.ts'
import { unpackProviderData } from '../carried-data.ts'
import type { ParsedRequest } from '../protocol.ts'
import {
  Conversation,
  effortSchema,
  invalid,
  jsonObject,
  noParameters,
  optional,
  readBody,
  readFile,
  textTool,
  unknownFields,
  unsupported,
} from '../request-reading.ts'

const partSchema = z.looseObject({
  type: z.string(),
  text: optional(z.string()),
  refusal: optional(z.string()),
  image_url: optional(z.string()),
  file_data: optional(z.string()),
  file_url: optional(z.string()),
})
type Part = z.output<typeof partSchema>

const contentSchema = optional(z.union([z.string(), z.array(partSchema)]))

const itemSchema = z.looseObject({
  type: optional(z.string()),
  id: optional(z.string()),
  role: optional(z.enum(['system', 'developer', 'user', 'assistant'])),
  content: contentSchema,
  call_id: optional(z.string()),
  name: optional(z.string()),
  arguments: optional(z.string()),
  input: optional(z.string()),
  output: contentSchema,
  summary: optional(z.array(partSchema)),
  encrypted_content: optional(z.string()),
})
type Item = z.output<typeof itemSchema>

const bodySchema = z.object({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(itemSchema)]),
  instructions: optional(z.string()),
  stream: optional(z.boolean()),
  tools: optional(
    z.array(
      z.looseObject({
        type: z.string(),
        name: optional(z.string()),
        description: optional(z.string()),
        parameters: optional(jsonObject),
        strict: optional(z.boolean()),
      }),
    ),
  ),
  tool_choice: optional(
    z.union([
      z.enum(['auto', 'none', 'required']),
      z.looseObject({ type: z.string(), name: optional(z.string()) }),
    ]),
  ),
  parallel_tool_calls: optional(z.boolean()),
  max_output_tokens: optional(z.int().positive()),
  temperature: optional(z.number()),
  top_p: optional(z.number()),
  text: optional(
    z.looseObject({
      format: optional(
        z.looseObject({ type: z.string(), name: optional(z.string()), schema: optional(jsonObject) }),
      ),
    }),
  ),
  reasoning: optional(z.looseObject({ effort: optional(effortSchema) })),
  previous_response_id: optional(z.string()),
  conversation: optional(z.unknown()),
  background: optional(z.boolean()),
})
type Body = z.output<typeof bodySchema>

/** Told by clients and of no consequence for one answer: nothing is stored under the id of a response. */
const knownBeside = [
  'store',
  'include',
  'metadata',
  'stream_options',
  'truncation',
  'prompt_cache_key',
  'user',
]
const knownFields = new Set([...Object.keys(bodySchema.shape), ...knownBeside])

/** Reads the body of `POST /v1/responses`. */
export function parseResponsesRequest(raw: unknown): ParsedRequest {
  const body = readBody(bodySchema, raw)
  const state = 'state kept by the provider; send the whole conversation in input instead'
  if (body.previous_response_id !== undefined) throw unsupported('previous_response_id', state)
  if (body.conversation !== undefined) throw unsupported('conversation', state)
  if (body.background === true) throw unsupported('background', 'answers that are fetched later')
  const ignored = unknownFields(raw, knownFields)
  const { tools, textTools } = readTools(body, ignored)
  const format = body.text?.format
  const request: ModelRequest = {
    model: body.model,
    messages: readMessages(body, ignored),
    ...(tools.length > 0 && { tools }),
    ...readToolChoice(body.tool_choice, ignored),
    maxOutputTokens: body.max_output_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    output: readOutput(format),
    reasoning: body.reasoning?.effort,
    ...(body.parallel_tool_calls === false && { providerData: { openai: { parallelToolCalls: false } } }),
  }
  return {
    request,
    stream: body.stream ?? false,
    ignored,
    answering: { model: body.model, ...(textTools.length > 0 && { textTools }) },
  }
}

function readOutput(format: NonNullable<Body['text']>['format']): ModelRequest['output'] {
  if (format?.type === 'json_object') return {}
  return format?.type === 'json_schema' ? { name: format.name, schema: format.schema } : undefined
}

function readMessages({ instructions, input }: Body, ignored: string[]): ModelMessage[] {
  const conversation = new Conversation()
  if (instructions !== undefined) conversation.add({ role: 'system', content: instructions })
  if (typeof input === 'string') conversation.add({ role: 'user', content: [{ kind: 'text', text: input }] })
  else for (const [index, item] of input.entries()) readItem(conversation, item, `input[${index}]`, ignored)
  return conversation.messages
}

function readItem(conversation: Conversation, item: Item, place: string, ignored: string[]): void {
  switch (item.type ?? 'message') {
    case 'message':
      readMessage(conversation, item, place)
      break
    case 'function_call':
    case 'custom_tool_call':
      readCall(conversation, item, place)
      break
    case 'function_call_output':
    case 'custom_tool_call_output':
      readCallOutput(conversation, item, place)
      break
    case 'reasoning':
      readReasoning(conversation, item)
      break
    case 'item_reference':
      throw unsupported(place, 'an item that is kept by the provider; send the item itself')
    default:
      // What a provider's own tools left behind means nothing to another model.
      if (ignored.length < 64) ignored.push(`${place} of type ${(item.type ?? '').slice(0, 64)}`)
  }
}

function readMessage(conversation: Conversation, { role, content = '' }: Item, place: string): void {
  if (role === undefined) throw invalid(`${place}.role`, 'is missing')
  if (role === 'user') {
    const parts = typeof content === 'string' ? [{ type: 'input_text', text: content } as Part] : content
    const read = parts.map((part, index) => readUserPart(part, `${place}.content[${index}]`))
    conversation.add({ role, content: read })
    return
  }
  const text = textOf(content, place)
  if (role === 'assistant') conversation.add({ role, content: text === '' ? [] : [{ kind: 'text', text }] })
  else conversation.add({ role: 'system', content: text })
}

type UserPart = Extract<ModelMessage, { role: 'user' }>['content'][number]

function readUserPart(part: Part, place: string): UserPart {
  if (part.text !== undefined) return { kind: 'text', text: part.text }
  if (part.type === 'input_image' && part.image_url !== undefined)
    return readFile(part.image_url, `${place}.image_url`, 'image/*')
  const address = part.file_data ?? part.file_url
  if (part.type === 'input_file' && address !== undefined)
    return readFile(address, place, 'application/octet-stream')
  throw unsupported(place, `a part of type ${part.type.slice(0, 64)}`)
}

function textOf(content: string | readonly Part[], place: string): string {
  if (typeof content === 'string') return content
  return content
    .map((part, index) => {
      const text = part.text ?? part.refusal
      if (text === undefined)
        throw unsupported(`${place}.content[${index}]`, `a part of type ${part.type} here`)
      return text
    })
    .join('\n')
}

function readCall(conversation: Conversation, item: Item, place: string): void {
  const { call_id: id, name: tool } = item
  if (id === undefined || tool === undefined) throw invalid(place, 'a call has a call_id and a name')
  const input = item.type === 'custom_tool_call' ? textTool.wrap(item.input ?? '') : (item.arguments ?? '{}')
  conversation.add({ role: 'assistant', content: [{ kind: 'tool-call', id, tool, input }] })
}

/** Adds the text of a result; files that a tool answered are given to the model after it. */
function readCallOutput(conversation: Conversation, { call_id: id, output = '' }: Item, place: string): void {
  if (id === undefined) throw invalid(`${place}.call_id`, 'is missing')
  const parts = typeof output === 'string' ? [] : output
  const files = parts.filter((part) => part.text === undefined)
  const text = typeof output === 'string' ? output : parts.flatMap((part) => part.text ?? []).join('\n')
  conversation.add({
    role: 'tool',
    content: [{ kind: 'tool-result', id, tool: conversation.toolOf(id), text, failed: false }],
  })
  if (files.length > 0)
    conversation.add({ role: 'user', content: files.map((part) => readUserPart(part, `${place}.output`)) })
}

function readReasoning(
  conversation: Conversation,
  { id, summary = [], encrypted_content: encrypted }: Item,
): void {
  const text = summary.flatMap((part) => part.text ?? []).join('\n')
  const carried = encrypted === undefined ? undefined : unpackProviderData(encrypted)
  const own = encrypted === undefined ? {} : { reasoningEncryptedContent: encrypted }
  const providerData = carried ?? { openai: { ...(id !== undefined && { itemId: id }), ...own } }
  conversation.add({ role: 'assistant', content: [{ kind: 'reasoning', text, providerData }] })
}

function readTools({ tools = [] }: Body, ignored: string[]): { tools: ModelTool[]; textTools: string[] } {
  const textTools: string[] = []
  const read = tools.flatMap((tool, index): ModelTool[] => {
    const { type, name, description = '', parameters = noParameters, strict } = tool
    if (type === 'function' && name !== undefined) {
      const providerData = strict === undefined ? undefined : { openai: { strict } }
      return [{ name, description, input: parameters, ...(providerData && { providerData }) }]
    }
    if (type === 'custom' && name !== undefined) {
      textTools.push(name)
      return [{ name, description, input: textTool.schema }]
    }
    ignored.push(`tools[${index}] of type ${type.slice(0, 64)}`)
    return []
  })
  return { tools: read, textTools }
}

function readToolChoice(choice: Body['tool_choice'], ignored: string[]): Pick<ModelRequest, 'toolChoice'> {
  if (choice === undefined) return {}
  if (typeof choice === 'string') return { toolChoice: { kind: choice } }
  if ((choice.type === 'function' || choice.type === 'custom') && choice.name !== undefined)
    return { toolChoice: { kind: 'tool', tool: choice.name } }
  ignored.push(`tool_choice of type ${choice.type.slice(0, 64)}`)
  return {}
}
