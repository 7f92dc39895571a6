import { claimByStatus, type HeadlessAgent } from './adapter.ts'

/** `aider --message-file`: text, configuration by arguments and environment; it leaves commits to the studio. */
export const aider: HeadlessAgent = {
  name: 'aider',
  title: 'aider',
  origin: { kind: 'pypi', package: 'aider-chat' },
  speaks: 'openai-chat',
  programs: ['bin/aider'],
  launch: ({ prompt, model, gatewayUrl, key }) => ({
    arguments: [
      ...['--model', `openai/${model}`, '--message-file', '/dev/stdin', '--yes-always'],
      ...['--no-git', '--no-check-update', '--no-show-release-notes', '--no-show-model-warnings'],
      ...['--analytics-disable', '--no-stream', '--no-pretty', '--no-gitignore'],
    ],
    environment: { OPENAI_API_KEY: key, OPENAI_API_BASE: `${gatewayUrl}/v1` },
    input: prompt,
  }),
  readClaim: claimByStatus,
}
