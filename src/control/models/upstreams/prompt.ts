import type { JSONObject, LanguageModelV4CallOptions, LanguageModelV4Message } from '@ai-sdk/provider'
import type { ModelMessage, ModelRequest } from '../../../contracts/index.ts'

/** A request as the provider packages take it. `providerData` goes along as it is. */
export function toCallOptions(request: ModelRequest): LanguageModelV4CallOptions {
  const { tools, toolChoice, stop, output, providerData } = request
  return {
    prompt: request.messages.map(toMessage),
    ...(tools !== undefined &&
      tools.length > 0 && {
        tools: tools.map((tool) => ({
          type: 'function' as const,
          name: tool.name,
          description: tool.description,
          inputSchema: tool.input,
          ...(tool.providerData && { providerOptions: tool.providerData }),
        })),
      }),
    ...(toolChoice && {
      toolChoice:
        toolChoice.kind === 'tool'
          ? { type: 'tool' as const, toolName: toolChoice.tool }
          : { type: toolChoice.kind },
    }),
    ...pick(request, [
      'maxOutputTokens',
      'temperature',
      'topP',
      'topK',
      'presencePenalty',
      'frequencyPenalty',
      'seed',
      'reasoning',
    ]),
    ...(stop && { stopSequences: stop }),
    ...(output && {
      responseFormat: {
        type: 'json' as const,
        ...(output.schema && { schema: output.schema }),
        ...(output.name !== undefined && { name: output.name }),
      },
    }),
    ...(providerData && { providerOptions: providerData }),
  }
}

/** The members that are there. */
function pick<T extends object, K extends keyof T>(
  value: T,
  names: readonly K[],
): { [P in K]?: Exclude<T[P], undefined> } {
  return Object.fromEntries(
    names.flatMap((name) => (value[name] === undefined ? [] : [[name, value[name]]])),
  ) as { [P in K]?: Exclude<T[P], undefined> }
}

type ProviderData = Readonly<Record<string, JSONObject>>

function options(part: { readonly providerData?: ProviderData | undefined }) {
  return part.providerData && { providerOptions: part.providerData }
}

function toMessage(message: ModelMessage): LanguageModelV4Message {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content, ...options(message) }
    case 'user':
      return { role: 'user', content: message.content.map(toUserPart) }
    case 'assistant':
      return { role: 'assistant', content: message.content.map(toAssistantPart) }
    case 'tool':
      return {
        role: 'tool',
        content: message.content.map((part) => ({
          type: 'tool-result' as const,
          toolCallId: part.id,
          toolName: part.tool,
          output: { type: part.failed ? ('error-text' as const) : ('text' as const), value: part.text },
          ...options(part),
        })),
      }
  }
}

function toUserPart(part: Extract<ModelMessage, { role: 'user' }>['content'][number]) {
  if (part.kind === 'text') return { type: 'text' as const, text: part.text, ...options(part) }
  const data =
    part.data.kind === 'url'
      ? { type: 'url' as const, url: new URL(part.data.url) }
      : { type: 'data' as const, data: part.data.base64 }
  return { type: 'file' as const, mediaType: part.mediaType, data, ...options(part) }
}

function toAssistantPart(part: Extract<ModelMessage, { role: 'assistant' }>['content'][number]) {
  switch (part.kind) {
    case 'text':
    case 'reasoning':
      return { type: part.kind, text: part.text, ...options(part) }
    case 'tool-call':
      return {
        type: 'tool-call' as const,
        toolCallId: part.id,
        toolName: part.tool,
        input: parseInput(part.input),
        ...options(part),
      }
  }
}

/** Providers want an object. What a model wrote that is none is shown to it again as what it wrote. */
function parseInput(input: string): unknown {
  try {
    const value: unknown = JSON.parse(input === '' ? '{}' : input)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Below.
  }
  return { malformed: input }
}
