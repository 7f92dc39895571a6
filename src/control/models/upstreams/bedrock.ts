import type { UpstreamKind } from './upstream.ts'

/** Amazon Bedrock, with a Bedrock API key, or with `accessKeyId` and `secretAccessKey` among the credentials. */
export const bedrock: UpstreamKind = {
  baseUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com',
  priceList: 'aws',
  thinksBeyondLimit: true,
  connect: async ({ baseUrl, apiKey, secrets, options, fetch }) => {
    const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock')
    const provider = createAmazonBedrock({
      baseURL: baseUrl,
      // Which region a signature is for; a Bedrock API key is for the one of the address.
      region: options['region'] ?? /bedrock-runtime[^.]*\.([a-z0-9-]+)\./.exec(baseUrl)?.[1] ?? 'us-east-1',
      // What is left undefined would be looked up in the environment.
      apiKey,
      accessKeyId: secrets['accessKeyId'] ?? '',
      secretAccessKey: secrets['secretAccessKey'] ?? '',
      sessionToken: secrets['sessionToken'] ?? '',
      fetch,
    })
    return {
      languageModel: (name) => provider.languageModel(name),
      embeddingModel: (name) => provider.embeddingModel(name),
      relays: [],
    }
  },
}
