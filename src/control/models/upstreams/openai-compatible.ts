import type { UpstreamKind } from './upstream.ts'

/** Every server that speaks as OpenAI does: vLLM, llama.cpp, Ollama, LM Studio, and many a provider. */
export const openaiCompatible: UpstreamKind = {
  baseUrl: undefined,
  priceList: undefined,
  thinksBeyondLimit: false,
  connect: async ({ id, baseUrl, apiKey, options, fetch }) => {
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
    const provider = createOpenAICompatible({
      name: id,
      baseURL: baseUrl,
      ...(apiKey !== '' && { apiKey }),
      fetch,
      includeUsage: true,
      supportsStructuredOutputs: options['structuredOutputs'] !== 'no',
    })
    const headers: Record<string, string> = apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` }
    return {
      languageModel: (name) => provider.chatModel(name),
      embeddingModel: (name) => provider.embeddingModel(name),
      relays: [
        {
          protocol: 'openai-chat',
          url: new URL(`${baseUrl}/chat/completions`),
          outputLimit: 'max_tokens',
          headers,
        },
      ],
    }
  },
}
