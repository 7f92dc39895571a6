import { anthropic } from './anthropic.ts'
import { azure } from './azure.ts'
import { bedrock } from './bedrock.ts'
import { google } from './google.ts'
import { mistral } from './mistral.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openaiChat, openaiResponses } from './openai.ts'
import type { UpstreamKind } from './upstream.ts'

/** Every kind of provider that the catalogue can name. */
export const upstreamKinds = {
  'openai-responses': openaiResponses,
  'openai-chat': openaiChat,
  'openai-compatible': openaiCompatible,
  anthropic,
  google,
  mistral,
  bedrock,
  azure,
} as const satisfies Readonly<Record<string, UpstreamKind>>
