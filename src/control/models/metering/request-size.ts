import type { ModelMessage, ModelRequest } from '../../../contracts/index.ts'
import { tokenCounter } from '../../context/index.ts'
import { digestOf, LeastRecent } from '../../../kernel/index.ts'

/** How large a request is for a model: nobody but the model itself counts exactly. */
export interface RequestSize {
  /** UTF-8, files included. */
  readonly bytes: number
  /** No tokenizer makes fewer tokens of it. */
  readonly atLeast: number
  /** No tokenizer makes more of it; what is reserved. */
  readonly atMost: number
}

/**
 * Up to this many characters a text is not counted: each token is a byte at least, so its bytes are a bound that costs
 * nothing and that is not far off for so little.
 */
const smallText = 2048

/** By how much tokenizers differ from o200k on prose and code; the newest of Anthropic makes the most. */
const tokenizers = { fewest: 0.6, most: 1.5 }

/** What goes around each message and tool, and what providers tell models about tools. */
const overhead = { request: 32, message: 12, tool: 24, tools: 700 }

/** The most that today's providers charge for one image, and for a byte of another file. */
const file = { image: 6000, perByte: 0.5 }

/** Counts of large texts: in a conversation all but the last message come again with every request. */
const counts = new LeastRecent<string, number>(20_000)

export async function sizeOf(request: ModelRequest): Promise<RequestSize> {
  const { messages, tools = [], output } = request
  const texts = [
    ...messages.flatMap(textsOf),
    ...tools.flatMap(({ name, description, input }) => [name, description, JSON.stringify(input)]),
    ...(output?.schema === undefined ? [] : [JSON.stringify(output.schema)]),
  ]
  const fixed =
    overhead.request +
    messages.length * overhead.message +
    tools.length * overhead.tool +
    (tools.length > 0 ? overhead.tools : 0)
  const size = { bytes: 0, atLeast: 0, atMost: fixed }
  for (const text of texts) {
    const bytes = Buffer.byteLength(text)
    size.bytes += bytes
    if (text.length <= smallText) {
      size.atLeast += bytes / 40
      size.atMost += bytes
      continue
    }
    const counted = await countTokens(text)
    size.atLeast += counted * tokenizers.fewest
    size.atMost += Math.min(bytes, counted * tokenizers.most)
  }
  for (const { image, bytes } of messages.flatMap(filesOf)) {
    size.bytes += bytes
    size.atMost += image ? file.image : Math.max(file.image, bytes * file.perByte)
  }
  return { bytes: size.bytes, atLeast: Math.floor(size.atLeast), atMost: Math.ceil(size.atMost) }
}

/** The studio's own count of a request, for a provider that does not say. */
export async function countRequest(request: ModelRequest): Promise<number> {
  const texts = [
    ...request.messages.flatMap(textsOf),
    ...(request.tools ?? []).map((tool) => JSON.stringify(tool)),
  ]
  let tokens = overhead.request + request.messages.length * overhead.message
  for (const text of texts) tokens += await countTokens(text)
  return tokens + request.messages.flatMap(filesOf).length * (file.image / 4)
}

/** Tokens by the o200k encoding. */
export async function countTokens(text: string): Promise<number> {
  if (text === '') return 0
  const key = text.length > 128 ? digestOf(text) : text
  const known = counts.get(key)
  if (known !== undefined) return known
  const count = await tokenCounter()
  let tokens = 0
  // Cut, because merging takes time by the square of what has no gaps; each cut adds a token at most.
  for (let start = 0; start < text.length; start += smallText)
    tokens += count(text.slice(start, start + smallText))
  counts.set(key, tokens)
  return tokens
}

function textsOf(message: ModelMessage): string[] {
  if (message.role === 'system') return [message.content]
  return message.content.flatMap((part) => {
    switch (part.kind) {
      case 'text':
      case 'reasoning':
        // What a provider wants back with a part, such as encrypted reasoning, is counted with it.
        return part.providerData === undefined ? [part.text] : [part.text, JSON.stringify(part.providerData)]
      case 'tool-call':
        return [part.tool, part.input]
      case 'tool-result':
        return [part.text]
      case 'file':
        return []
    }
  })
}

function filesOf(message: ModelMessage): { readonly image: boolean; readonly bytes: number }[] {
  if (message.role !== 'user') return []
  return message.content.flatMap((part) => {
    if (part.kind !== 'file') return []
    const bytes = part.data.kind === 'base64' ? Math.ceil((part.data.base64.length * 3) / 4) : 0
    return [{ image: part.mediaType.startsWith('image/'), bytes }]
  })
}
