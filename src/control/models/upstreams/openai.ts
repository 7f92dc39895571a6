import type { RelayTarget, UpstreamKind, UpstreamSettings } from './upstream.ts'

const baseUrl = 'https://api.openai.com/v1'

async function loadProvider({ id, baseUrl: baseURL, apiKey, fetch }: UpstreamSettings) {
  const { createOpenAI } = await import('@ai-sdk/openai')
  return createOpenAI({ name: id, baseURL, apiKey, fetch })
}

function relays({ baseUrl: url, apiKey }: UpstreamSettings): RelayTarget[] {
  const headers = { authorization: `Bearer ${apiKey}` }
  return [
    {
      protocol: 'openai-chat',
      url: new URL(`${url}/chat/completions`),
      outputLimit: 'max_completion_tokens',
      headers,
    },
    {
      protocol: 'openai-responses',
      url: new URL(`${url}/responses`),
      outputLimit: 'max_output_tokens',
      headers,
    },
  ]
}

/** OpenAI through `/responses`, which its newest models want. */
export const openaiResponses: UpstreamKind = {
  baseUrl,
  priceList: 'openai',
  thinksBeyondLimit: false,
  connect: async (settings) => {
    const provider = await loadProvider(settings)
    return {
      languageModel: (name) => provider.responses(name),
      embeddingModel: (name) => provider.embeddingModel(name),
      relays: relays(settings),
    }
  },
}

/** OpenAI through `/chat/completions`. */
export const openaiChat: UpstreamKind = {
  ...openaiResponses,
  connect: async (settings) => {
    const provider = await loadProvider(settings)
    return {
      languageModel: (name) => provider.chat(name),
      embeddingModel: (name) => provider.embeddingModel(name),
      relays: relays(settings),
    }
  },
}
