import { z } from 'zod'
import type { ModelMessage, ModelRequest, ModelTool } from '../../../../contracts/index.ts'
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
  image_url: optional(z.union([z.object({ url: z.string() }), z.string()])),
  input_audio: optional(z.object({ data: z.string(), format: z.string() })),
  file: optional(z.object({ file_data: optional(z.string()), file_id: optional(z.string()) })),
})
type Part = z.output<typeof partSchema>

const calledSchema = z.object({
  name: z.string(),
  arguments: optional(z.string()),
  input: optional(z.string()),
})

const messageSchema = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: optional(z.union([z.string(), z.array(partSchema)])),
  refusal: optional(z.string()),
  reasoning_content: optional(z.string()),
  tool_calls: optional(
    z.array(z.object({ id: z.string(), function: optional(calledSchema), custom: optional(calledSchema) })),
  ),
  tool_call_id: optional(z.string()),
  name: optional(z.string()),
})
type Message = z.output<typeof messageSchema>

const toolSchema = z.looseObject({
  type: z.string(),
  function: optional(
    z.object({
      name: z.string(),
      description: optional(z.string()),
      parameters: optional(jsonObject),
      strict: optional(z.boolean()),
    }),
  ),
  custom: optional(z.object({ name: z.string(), description: optional(z.string()) })),
})

const named = z.object({ name: z.string() })
const toolChoiceSchema = z.union([
  z.enum(['auto', 'none', 'required']),
  z.object({ type: z.literal('function'), function: named }),
  z.object({ type: z.literal('custom'), custom: named }),
  z.looseObject({ type: z.literal('allowed_tools') }),
])

const bodySchema = z.object({
  model: z.string().min(1),
  messages: z.array(messageSchema),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({ include_usage: optional(z.boolean()) })),
  tools: optional(z.array(toolSchema)),
  tool_choice: optional(toolChoiceSchema),
  parallel_tool_calls: optional(z.boolean()),
  max_tokens: optional(z.int().positive()),
  max_completion_tokens: optional(z.int().positive()),
  temperature: optional(z.number()),
  top_p: optional(z.number()),
  top_k: optional(z.int()),
  presence_penalty: optional(z.number()),
  frequency_penalty: optional(z.number()),
  seed: optional(z.int()),
  stop: optional(z.union([z.string(), z.array(z.string())])),
  n: optional(z.int().positive()),
  response_format: optional(
    z.looseObject({
      type: z.string(),
      json_schema: optional(z.object({ name: optional(z.string()), schema: optional(jsonObject) })),
    }),
  ),
  reasoning_effort: optional(effortSchema),
})
type Body = z.output<typeof bodySchema>
const knownFields = new Set(Object.keys(bodySchema.shape))

/** Reads the body of `POST /v1/chat/completions`. */
export function parseChatRequest(raw: unknown): ParsedRequest {
  const body = readBody(bodySchema, raw)
  if ((body.n ?? 1) > 1) throw unsupported('n', 'more than one answer to one request')
  const ignored = unknownFields(raw, knownFields)
  const { tools, textTools } = readTools(body, ignored)
  const request: ModelRequest = {
    model: body.model,
    messages: readMessages(body.messages),
    ...(tools.length > 0 && { tools }),
    ...readToolChoice(body.tool_choice, ignored),
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    seed: body.seed,
    stop: typeof body.stop === 'string' ? [body.stop] : body.stop,
    output: readOutput(body.response_format),
    reasoning: body.reasoning_effort,
    ...(body.parallel_tool_calls === false && { providerData: { openai: { parallelToolCalls: false } } }),
  }
  return {
    request,
    stream: body.stream ?? false,
    ignored,
    answering: {
      model: body.model,
      includeUsage: body.stream_options?.include_usage ?? false,
      ...(textTools.length > 0 && { textTools }),
    },
  }
}

function readMessages(messages: readonly Message[]): ModelMessage[] {
  const conversation = new Conversation()
  for (const [index, message] of messages.entries()) {
    const place = `messages[${index}]`
    switch (message.role) {
      case 'system':
      case 'developer':
        conversation.add({ role: 'system', content: textOf(message.content, place) })
        break
      case 'user':
        conversation.add({ role: 'user', content: readUserContent(message.content, place) })
        break
      case 'assistant':
        conversation.add({ role: 'assistant', content: readAssistant(message, place) })
        break
      case 'tool':
      case 'function': {
        const id = message.tool_call_id ?? message.name
        if (id === undefined) throw invalid(`${place}.tool_call_id`, 'is missing')
        const tool = message.name ?? conversation.toolOf(id)
        const text = textOf(message.content, place)
        conversation.add({ role: 'tool', content: [{ kind: 'tool-result', id, tool, text, failed: false }] })
      }
    }
  }
  return conversation.messages
}

type UserContent = Extract<ModelMessage, { role: 'user' }>['content']
type AssistantContent = Extract<ModelMessage, { role: 'assistant' }>['content']

function textOf(content: Message['content'], place: string): string {
  if (content === undefined) return ''
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

function readUserContent(content: Message['content'], place: string): UserContent {
  if (content === undefined) return []
  if (typeof content === 'string') return [{ kind: 'text', text: content }]
  return content.map((part, index) => readUserPart(part, `${place}.content[${index}]`))
}

function readUserPart(part: Part, place: string): UserContent[number] {
  if (part.type === 'text' && part.text !== undefined) return { kind: 'text', text: part.text }
  if (part.type === 'image_url' && part.image_url !== undefined) {
    const address = typeof part.image_url === 'string' ? part.image_url : part.image_url.url
    return readFile(address, `${place}.image_url`, 'image/*')
  }
  if (part.type === 'input_audio' && part.input_audio !== undefined) {
    const { data, format } = part.input_audio
    const mediaType = format === 'mp3' ? 'audio/mpeg' : `audio/${format}`
    return { kind: 'file', mediaType, data: { kind: 'base64', base64: data } }
  }
  if (part.type === 'file' && part.file?.file_data !== undefined)
    return readFile(part.file.file_data, `${place}.file.file_data`, 'application/octet-stream')
  throw unsupported(place, `a part of type ${part.type}`)
}

function readAssistant(message: Message, place: string): AssistantContent {
  const text = textOf(message.content, place) || (message.refusal ?? '')
  const { reasoning_content: reasoning = '', tool_calls: calls = [] } = message
  return [
    ...(reasoning === '' ? [] : [{ kind: 'reasoning' as const, text: reasoning }]),
    ...(text === '' ? [] : [{ kind: 'text' as const, text }]),
    ...calls.map(({ id, function: called, custom }, index) => {
      if (called !== undefined)
        return { kind: 'tool-call' as const, id, tool: called.name, input: called.arguments ?? '{}' }
      if (custom === undefined) throw invalid(`${place}.tool_calls[${index}]`, 'calls nothing')
      return { kind: 'tool-call' as const, id, tool: custom.name, input: textTool.wrap(custom.input ?? '') }
    }),
  ]
}

function readTools({ tools = [] }: Body, ignored: string[]): { tools: ModelTool[]; textTools: string[] } {
  const textTools: string[] = []
  const read = tools.flatMap((tool, index): ModelTool[] => {
    if (tool.function !== undefined) {
      const { name, description = '', parameters = noParameters, strict } = tool.function
      const providerData = strict === undefined ? undefined : { openai: { strict } }
      return [{ name, description, input: parameters, ...(providerData && { providerData }) }]
    }
    if (tool.custom !== undefined) {
      const { name, description = '' } = tool.custom
      textTools.push(name)
      return [{ name, description, input: textTool.schema }]
    }
    ignored.push(`tools[${index}] of type ${tool.type.slice(0, 64)}`)
    return []
  })
  return { tools: read, textTools }
}

function readToolChoice(choice: Body['tool_choice'], ignored: string[]): Pick<ModelRequest, 'toolChoice'> {
  if (choice === undefined) return {}
  if (typeof choice === 'string') return { toolChoice: { kind: choice } }
  if ('function' in choice && choice.type === 'function')
    return { toolChoice: { kind: 'tool', tool: choice.function.name } }
  if ('custom' in choice && choice.type === 'custom')
    return { toolChoice: { kind: 'tool', tool: choice.custom.name } }
  ignored.push('tool_choice of type allowed_tools')
  return {}
}

function readOutput(format: Body['response_format']): ModelRequest['output'] {
  if (format?.type === 'json_object') return {}
  if (format?.type !== 'json_schema') return undefined
  return { name: format.json_schema?.name, schema: format.json_schema?.schema }
}
