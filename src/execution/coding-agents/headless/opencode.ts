import { z } from 'zod'
import { claimByStatus, type HeadlessAgent, jsonLines } from './adapter.ts'

const textSchema = z.object({ type: z.literal('text'), part: z.object({ text: z.string() }) })

/** `opencode run`: events as JSON lines, configuration by environment. */
export const opencode: HeadlessAgent = {
  name: 'opencode',
  title: 'opencode',
  origin: { kind: 'npm', package: 'opencode-ai' },
  speaks: 'openai-chat',
  programs: [
    'node_modules/opencode-linux-x64-baseline/bin/opencode',
    'node_modules/opencode-linux-*/bin/opencode',
  ],
  launch: ({ prompt, model, gatewayUrl, key }) => ({
    arguments: ['run', '--format', 'json', '-m', `atelier/${model}`],
    environment: {
      ATELIER_KEY: key,
      OPENCODE_CONFIG_CONTENT: JSON.stringify(configurationFor(model, gatewayUrl)),
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    },
    input: prompt,
  }),
  readClaim: (output, exitCode) => {
    const texts = jsonLines(output).flatMap((line) => {
      const text = textSchema.safeParse(line)
      return text.success ? [text.data.part.text] : []
    })
    return claimByStatus(texts.at(-1) ?? '', exitCode)
  },
}

function configurationFor(model: string, gatewayUrl: string) {
  return {
    model: `atelier/${model}`,
    small_model: `atelier/${model}`,
    provider: {
      atelier: {
        npm: '@ai-sdk/openai-compatible',
        name: 'atelier',
        options: { baseURL: `${gatewayUrl}/v1`, apiKey: '{env:ATELIER_KEY}' },
        models: { [model]: { name: model } },
      },
    },
    autoupdate: false,
    share: 'disabled',
    permission: { '*': 'allow' },
  }
}
