import type { UpstreamKind } from './upstream.ts'

/** Azure OpenAI: `baseUrl` is `https://<resource>.openai.azure.com/openai`, a model's name its deployment. */
export const azure: UpstreamKind = {
  baseUrl: undefined,
  priceList: 'azure',
  thinksBeyondLimit: false,
  connect: async ({ baseUrl, apiKey, options, fetch }) => {
    const { createAzure } = await import('@ai-sdk/azure')
    const apiVersion = options['apiVersion']
    const provider = createAzure({ baseURL: baseUrl, apiKey, fetch, ...(apiVersion && { apiVersion }) })
    return {
      languageModel: (name) => (options['api'] === 'chat' ? provider.chat(name) : provider.responses(name)),
      embeddingModel: (name) => provider.embeddingModel(name),
      relays: [],
    }
  },
}
