import { z } from 'zod'
import type { ModelMessage, ModelRequest, ModelTool } from '../../../../contracts/index.ts'
import { unpackProviderData } from '../carried-data.ts'
import type { ParsedRequest } from '../protocol.ts'
import {
  Conversation,
  effortSchema,
  invalid,
  jsonObject,
  optional,
  readBody,
  readFile,
  unknownFields,
  unsupported,
} from '../request-reading.ts'
import type { FilePart } from '../request-reading.ts'

const cacheSchema = optional(z.looseObject({ type: z.string(), ttl: optional(z.string()) }))

const sourceSchema = z.looseObject({
  type: z.string(),
  media_type: optional(z.string()),
  data: optional(z.string()),
  url: optional(z.string()),
})

const innerBlockSchema = z.looseObject({
  type: z.string(),
  text: optional(z.string()),
  source: optional(sourceSchema),
})

const blockSchema = z.looseObject({
  type: z.string(),
  text: optional(z.string()),
  source: optional(z.union([sourceSchema, z.string()])),
  id: optional(z.string()),
  name: optional(z.string()),
  input: optional(z.json()),
  thinking: optional(z.string()),
  signature: optional(z.string()),
  data: optional(z.string()),
  tool_use_id: optional(z.string()),
  content: optional(z.union([z.string(), z.array(innerBlockSchema), z.looseObject({})])),
  is_error: optional(z.boolean()),
  cache_control: cacheSchema,
})
type Block = z.output<typeof blockSchema>

const messageSchema = z.object({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(blockSchema)]),
})

const bodySchema = z.object({
  model: z.string().min(1),
  messages: z.array(messageSchema),
  system: optional(
    z.union([z.string(), z.array(z.looseObject({ text: z.string(), cache_control: cacheSchema }))]),
  ),
  stream: optional(z.boolean()),
  max_tokens: optional(z.int().positive()),
  temperature: optional(z.number()),
  top_p: optional(z.number()),
  top_k: optional(z.int()),
  stop_sequences: optional(z.array(z.string())),
  tools: optional(
    z.array(
      z.looseObject({
        type: optional(z.string()),
        name: z.string(),
        description: optional(z.string()),
        input_schema: optional(jsonObject),
        cache_control: cacheSchema,
      }),
    ),
  ),
  tool_choice: optional(
    z.object({
      type: z.enum(['auto', 'any', 'tool', 'none']),
      name: optional(z.string()),
      disable_parallel_tool_use: optional(z.boolean()),
    }),
  ),
  thinking: optional(z.looseObject({ type: z.string(), budget_tokens: optional(z.int().positive()) })),
  output_config: optional(
    z.looseObject({
      effort: optional(z.string()),
      format: optional(z.looseObject({ type: z.string(), schema: optional(jsonObject) })),
    }),
  ),
})
type Body = z.output<typeof bodySchema>

/** Told by every client and of no consequence for the answer. */
const knownBeside = ['metadata', 'service_tier']
const knownFields = new Set([...Object.keys(bodySchema.shape), ...knownBeside])

/** Reads the body of `POST /v1/messages`. */
export function parseMessagesRequest(raw: unknown): ParsedRequest {
  const body = readBody(bodySchema, raw)
  const ignored = unknownFields(raw, knownFields)
  const tools = readTools(body, ignored)
  const format = body.output_config?.format
  const request: ModelRequest = {
    model: body.model,
    messages: [...readSystem(body.system), ...readMessages(body, ignored)],
    ...(tools.length > 0 && { tools }),
    ...readToolChoice(body.tool_choice),
    maxOutputTokens: body.max_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    stop: body.stop_sequences,
    output: format?.type === 'json_schema' ? { schema: format.schema } : undefined,
    ...readThinking(body),
  }
  return { request, stream: body.stream ?? false, ignored, answering: { model: body.model } }
}

type ProviderData = NonNullable<ModelTool['providerData']>

/** A mark of the provider's cache, under the name that providers' libraries know it by. */
function cacheMark(block: { readonly cache_control: z.output<typeof cacheSchema> }): {
  providerData?: ProviderData
} {
  const cache = block.cache_control
  if (cache === undefined) return {}
  const cacheControl = { type: cache.type, ...(cache.ttl !== undefined && { ttl: cache.ttl }) }
  return { providerData: { anthropic: { cacheControl } } }
}

function readSystem(system: Body['system']): ModelMessage[] {
  if (system === undefined) return []
  if (typeof system === 'string') return [{ role: 'system', content: system }]
  return system.map((block) => ({ role: 'system', content: block.text, ...cacheMark(block) }))
}

function readMessages({ messages }: Body, ignored: string[]): ModelMessage[] {
  const conversation = new Conversation()
  for (const [index, { role, content }] of messages.entries()) {
    const place = `messages[${index}].content`
    const blocks = typeof content === 'string' ? undefined : content
    if (role === 'system') {
      const text = typeof content === 'string' ? content : content.map((block) => block.text ?? '').join('\n')
      conversation.add({ role, content: text })
    } else if (role === 'assistant') {
      const parts = blocks?.flatMap((block, at) => readAssistantBlock(block, `${place}[${at}]`, ignored))
      conversation.add({ role, content: parts ?? [{ kind: 'text', text: content as string }] })
    } else {
      readUser(conversation, content, place)
    }
  }
  return conversation.messages
}

type UserPart = Extract<ModelMessage, { role: 'user' }>['content'][number]

/** Results of tools stand in messages of the user; here they are messages of their own. */
function readUser(conversation: Conversation, content: string | readonly Block[], place: string): void {
  if (typeof content === 'string') {
    conversation.add({ role: 'user', content: [{ kind: 'text', text: content }] })
    return
  }
  const parts: UserPart[] = []
  for (const [index, block] of content.entries()) {
    const at = `${place}[${index}]`
    if (block.type === 'tool_result') parts.push(...readToolResult(conversation, block, at))
    else parts.push(readUserBlock(block, at))
  }
  if (parts.length > 0) conversation.add({ role: 'user', content: parts })
}

/** Adds the text of a result; files that a tool answered are given to the model after it. */
function readToolResult(conversation: Conversation, block: Block, place: string): FilePart[] {
  const id = block.tool_use_id
  if (id === undefined) throw invalid(`${place}.tool_use_id`, 'is missing')
  const files: FilePart[] = []
  const inner = Array.isArray(block.content) ? block.content : []
  const texts = inner.map((part, index) => {
    if (part.text !== undefined) return part.text
    if (part.source === undefined) return JSON.stringify(part)
    files.push(readSource(part.type, part.source, `${place}.content[${index}].source`))
    return `[${part.type} ${files.length}, shown below]`
  })
  const text = typeof block.content === 'string' ? block.content : texts.join('\n')
  const failed = block.is_error ?? false
  const tool = conversation.toolOf(id)
  conversation.add({
    role: 'tool',
    content: [{ kind: 'tool-result', id, tool, text, failed, ...cacheMark(block) }],
  })
  return files
}

function readUserBlock(block: Block, place: string): UserPart {
  if (block.type === 'text' && block.text !== undefined)
    return { kind: 'text', text: block.text, ...cacheMark(block) }
  if ((block.type === 'image' || block.type === 'document') && typeof block.source === 'object') {
    if (block.source.type === 'text' && block.source.data !== undefined)
      return { kind: 'text', text: block.source.data, ...cacheMark(block) }
    return { ...readSource(block.type, block.source, `${place}.source`), ...cacheMark(block) }
  }
  throw unsupported(place, `a block of type ${block.type.slice(0, 64)}`)
}

function readSource(kind: string, source: z.output<typeof sourceSchema>, place: string): FilePart {
  const mediaType = source.media_type ?? (kind === 'document' ? 'application/pdf' : 'image/*')
  if (source.type === 'base64' && source.data !== undefined)
    return { kind: 'file', mediaType, data: { kind: 'base64', base64: source.data } }
  if (source.type === 'url' && source.url !== undefined)
    return readFile(source.url, `${place}.url`, mediaType)
  throw unsupported(place, `a source of type ${source.type.slice(0, 64)}`)
}

type AssistantPart = Extract<ModelMessage, { role: 'assistant' }>['content'][number]

function readAssistantBlock(block: Block, place: string, ignored: string[]): AssistantPart[] {
  switch (block.type) {
    case 'text':
      return block.text === undefined || block.text === ''
        ? []
        : [{ kind: 'text', text: block.text, ...cacheMark(block) }]
    case 'thinking': {
      const { thinking: text = '', signature } = block
      const carried = signature === undefined ? undefined : unpackProviderData(signature)
      const providerData = carried ?? (signature === undefined ? undefined : { anthropic: { signature } })
      return [{ kind: 'reasoning', text, ...(providerData && { providerData }) }]
    }
    case 'redacted_thinking':
      return [
        { kind: 'reasoning', text: '', providerData: { anthropic: { redactedData: block.data ?? '' } } },
      ]
    case 'tool_use': {
      const { id, name: tool, input } = block
      if (id === undefined || tool === undefined) throw invalid(place, 'a tool_use has an id and a name')
      return [{ kind: 'tool-call', id, tool, input: JSON.stringify(input ?? {}), ...cacheMark(block) }]
    }
    default:
      // What a provider's own tools left behind means nothing to another model.
      if (ignored.length < 64) ignored.push(`${place} of type ${block.type.slice(0, 64)}`)
      return []
  }
}

function readTools({ tools = [] }: Body, ignored: string[]): ModelTool[] {
  return tools.flatMap((tool, index): ModelTool[] => {
    const { name, description = '', input_schema: input } = tool
    if (input !== undefined) return [{ name, description, input, ...cacheMark(tool) }]
    ignored.push(`tools[${index}] of type ${(tool.type ?? 'unknown').slice(0, 64)}`)
    return []
  })
}

function readToolChoice(choice: Body['tool_choice']): Pick<ModelRequest, 'toolChoice'> {
  if (choice === undefined) return {}
  if (choice.type === 'tool') {
    if (choice.name === undefined) throw invalid('tool_choice.name', 'is missing')
    return { toolChoice: { kind: 'tool', tool: choice.name } }
  }
  return { toolChoice: { kind: choice.type === 'any' ? 'required' : choice.type } }
}

/** Tokens of thinking as the nearest degree of effort, and as they were for a provider that counts them. */
function readThinking(body: Body): Pick<ModelRequest, 'reasoning' | 'providerData'> {
  const { thinking, output_config: output, tool_choice: choice } = body
  const effort = effortSchema.safeParse(output?.effort === 'max' ? 'xhigh' : output?.effort)
  const budget = thinking?.type === 'enabled' ? thinking.budget_tokens : undefined
  const anthropic = {
    ...(budget !== undefined && { thinking: { type: 'enabled', budgetTokens: budget } }),
    ...(choice?.disable_parallel_tool_use === true && { disableParallelToolUse: true }),
  }
  return {
    reasoning: effort.success ? effort.data : degreeOf(thinking?.type, budget),
    ...(Object.keys(anthropic).length > 0 && { providerData: { anthropic } }),
  }
}

function degreeOf(type: string | undefined, budget: number | undefined): ModelRequest['reasoning'] {
  if (type === 'disabled') return 'none'
  if (budget === undefined) return undefined
  if (budget <= 4096) return 'low'
  return budget <= 16_384 ? 'medium' : 'high'
}
