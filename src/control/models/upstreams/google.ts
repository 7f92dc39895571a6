import type { UpstreamKind } from './upstream.ts'

export const google: UpstreamKind = {
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  priceList: 'google',
  thinksBeyondLimit: false,
  connect: async ({ id, baseUrl, apiKey, fetch }) => {
    const { createGoogle } = await import('@ai-sdk/google')
    const provider = createGoogle({ name: id, baseURL: baseUrl, apiKey, fetch })
    return {
      languageModel: (name) => provider.languageModel(name),
      embeddingModel: (name) => provider.embeddingModel(name),
      relays: [],
    }
  },
}
