import { claimByStatus, type HeadlessAgent } from './adapter.ts'

/** `gemini -p`: text, configuration by environment. It speaks Google's protocol and no other. */
export const geminiCli: HeadlessAgent = {
  name: 'gemini-cli',
  title: 'Gemini CLI',
  origin: { kind: 'npm', package: '@google/gemini-cli' },
  speaks: 'google',
  programs: ['node_modules/@google/gemini-cli/bundle/gemini.js'],
  launch: ({ prompt, model, gatewayUrl, key }) => ({
    arguments: ['--yolo', '--output-format', 'text', '--model', model],
    environment: {
      GEMINI_API_KEY: key,
      GOOGLE_GEMINI_BASE_URL: gatewayUrl,
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    },
    input: prompt,
  }),
  readClaim: claimByStatus,
}
