import { claimByStatus, type HeadlessAgent } from './adapter.ts'

/** `qwen -p`: text, configuration by environment. */
export const qwenCode: HeadlessAgent = {
  name: 'qwen-code',
  title: 'Qwen Code',
  origin: { kind: 'npm', package: '@qwen-code/qwen-code' },
  speaks: 'openai-chat',
  programs: ['node_modules/@qwen-code/qwen-code/cli-entry.js'],
  launch: ({ prompt, model, gatewayUrl, key }) => ({
    arguments: ['--yolo', '--auth-type', 'openai', '--output-format', 'text'],
    environment: { OPENAI_API_KEY: key, OPENAI_BASE_URL: `${gatewayUrl}/v1`, OPENAI_MODEL: model },
    input: prompt,
  }),
  readClaim: claimByStatus,
}
