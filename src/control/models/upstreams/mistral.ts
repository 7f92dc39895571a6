import type { UpstreamKind } from './upstream.ts'

export const mistral: UpstreamKind = {
  baseUrl: 'https://api.mistral.ai/v1',
  priceList: 'mistral',
  thinksBeyondLimit: false,
  connect: async ({ baseUrl, apiKey, fetch }) => {
    const { createMistral } = await import('@ai-sdk/mistral')
    const provider = createMistral({ baseURL: baseUrl, apiKey, fetch })
    return {
      languageModel: (name) => provider.languageModel(name),
      embeddingModel: (name) => provider.embeddingModel(name),
      // Its chat endpoint only resembles OpenAI's.
      relays: [],
    }
  },
}
