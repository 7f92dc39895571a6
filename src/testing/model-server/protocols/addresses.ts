import { anthropicMessages } from './anthropic-messages.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { googleGenerateContent } from './google-generate-content.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import type { Protocol, SaidByAddress } from './protocol.ts'

interface Address {
  readonly protocol: Protocol
  readonly said: SaidByAddress
}

/** Azure has the addresses of OpenAI below this one. */
const azure = /^\/openai(?=\/v1\/)/

/** A path without the names of models in it. */
export function plainAddress(path: string): string {
  return path.replace(azure, '').replace(/^(\/v1beta\/models\/)[^/:]+/, '$1*')
}

const addresses: readonly (readonly [RegExp, Protocol])[] = [
  [/^\/v1\/chat\/completions$/, openaiChat],
  [/^\/v1\/responses$/, openaiResponses],
  [/^\/v1\/messages$/, anthropicMessages],
  [
    /^\/v1beta\/models\/(?<model>[^/:]+):(?<how>generateContent|streamGenerateContent)$/,
    googleGenerateContent,
  ],
  [/^\/model\/(?<model>[^/]+)\/(?<how>converse|converse-stream)$/, bedrockConverse],
]

/** The protocol of a conversation at this path, and what the path says of it; undefined where none is had. */
export function addressOf(path: string): Address | undefined {
  for (const [pattern, protocol] of addresses) {
    const found = pattern.exec(path.replace(azure, ''))
    if (found !== null) return { protocol, said: found.groups === undefined ? {} : saidBy(found.groups) }
  }
  return undefined
}

function saidBy({ model = '', how = '' }: Partial<Record<string, string>>): SaidByAddress {
  return { model: decoded(model), stream: how.includes('stream') }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** In whose words a request is refused that is no conversation. */
export function protocolNear(path: string): Protocol {
  if (path.startsWith('/v1beta/')) return googleGenerateContent
  if (path.startsWith('/model/')) return bedrockConverse
  return path.startsWith('/v1/messages') ? anthropicMessages : openaiChat
}
