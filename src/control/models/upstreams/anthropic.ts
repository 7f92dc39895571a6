import type { UpstreamKind } from './upstream.ts'

export const anthropic: UpstreamKind = {
  baseUrl: 'https://api.anthropic.com/v1',
  priceList: 'anthropic',
  thinksBeyondLimit: true,
  connect: async ({ id, baseUrl, apiKey, fetch }) => {
    const { createAnthropic } = await import('@ai-sdk/anthropic')
    const provider = createAnthropic({ name: id, baseURL: baseUrl, apiKey, fetch })
    const headers = { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' }
    return {
      languageModel: (name) => provider.languageModel(name),
      relays: [
        {
          protocol: 'anthropic-messages',
          url: new URL(`${baseUrl}/messages`),
          outputLimit: 'max_tokens',
          headers,
        },
      ],
    }
  },
}
